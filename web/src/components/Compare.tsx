import { useState } from 'preact/hooks';

import {
  clearCompare,
  compareFailure,
  comparing,
  endCompare,
  lanes,
  startCompare,
  type LaneState,
} from '../state/compare';
import { emotionName, methods, phaseName } from '../state/knowledge';
import { messages, session } from '../state/talk';
import { turnNumber } from '../state/watch';
import type { Message } from '../wire';
import { duration, t } from '../words';
import { Prose } from './Prose';
import { Pick } from './Setup';
import { LiveSteps } from './Steps';
import { Trouble } from './Trouble';

const kLanes = [0, 1] as const;

// Two methods on the same words of the client, side by side.
export function Compare({ reply }: { reply: Message }) {
  const [picked, setPicked] = useState<[string | null, string | null]>([null, null]);
  const asked = messages.value.filter((each) => each.index < reply.index && each.role === 'client').at(-1);
  const current = session.value;
  if (!asked || !current) return null;

  // Until somebody picks: the talk's own method against the first other one.
  const other = methods.value.find((each) => each.name !== current.method)?.name ?? current.method;
  const methodOf = (lane: 0 | 1) => picked[lane] ?? [current.method, other][lane]!;
  const pick = (lane: 0 | 1, method: string) =>
    setPicked(lane === 0 ? [method, picked[1]] : [picked[0], method]);
  const start = () => {
    const wanted = kLanes.map((lane) => ({ method: methodOf(lane), scheme: current.scheme }));
    void startCompare(current.id, asked.index, wanted);
  };

  return (
    <section class="panel" aria-labelledby="compare-title" data-testid="compare">
      <h3 id="compare-title">{t('compare.title')}</h3>
      <p class="panel-explain">{t('compare.explain', { turn: turnNumber(reply) })}</p>
      <blockquote class="compare-asked">{asked.text}</blockquote>
      <div class="compare-picks">
        {kLanes.map((lane) => (
          <Pick
            key={lane}
            label={t('compare.lane', { lane: lane + 1 })}
            value={methodOf(lane)}
            options={methods.value.map(({ name }) => ({ id: name, name }))}
            testId="lane"
            onPick={(method) => pick(lane, method)}
          />
        ))}
      </div>
      <div class="compare-go">
        {comparing.value ? (
          <button type="button" class="button" onClick={endCompare}>
            {t('compare.stop')}
          </button>
        ) : (
          <button type="button" class="button button-main" data-testid="compare-start" onClick={start}>
            {t('compare.start')}
          </button>
        )}
        {!comparing.value && lanes.value.length > 0 && (
          <button type="button" class="button button-quiet" onClick={clearCompare}>
            {t('close')}
          </button>
        )}
      </div>
      {compareFailure.value && <Trouble failure={compareFailure.value} onRetry={start} />}
      {lanes.value.length > 0 && (
        <div class="lanes">
          {lanes.value.map((state, i) => (
            <LaneView key={i} state={state} />
          ))}
        </div>
      )}
    </section>
  );
}

function LaneView({ state }: { state: LaneState }) {
  const { turn, failure, lane } = state;
  const answer = turn.answer;
  return (
    <article class="lane" data-testid="lane-result" data-done={answer ? 'true' : undefined}>
      <h4 lang="en">{lane.method}</h4>
      {turn.text ? <Prose text={turn.text} /> : !failure && <p class="quiet">{t('compare.pending')}</p>}
      {failure && <Trouble failure={failure} />}
      {answer && (
        <dl class="lane-facts">
          {answer.phase && (
            <>
              <dt>{t('compare.phase')}</dt>
              <dd>{phaseName(answer.phase.scheme, answer.phase.label)}</dd>
            </>
          )}
          {answer.state && answer.state.feels.length > 0 && (
            <>
              <dt>{t('compare.feels')}</dt>
              <dd>
                {answer.state.feels
                  .map(({ emotion, intensity }) => `${emotionName(emotion)} ${intensity}/5`)
                  .join(', ')}
              </dd>
            </>
          )}
        </dl>
      )}
      {answer?.total_ms !== undefined && (
        <p class="quiet lane-time">{t('steps.total', { time: duration(answer.total_ms) })}</p>
      )}
      {!answer && turn.steps.length > 0 && <LiveSteps turn={turn} plain />}
    </article>
  );
}
