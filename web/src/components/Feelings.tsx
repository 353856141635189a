import { emotionName, needName } from '../state/knowledge';
import { choose, chosenReply, replies, turnNumber } from '../state/watch';
import type { ClientState, Message, Risk, RiskEvidence } from '../wire';
import { t } from '../words';

// Emotions, their strength, and needs, turn by turn, the newest first.
export function Feelings() {
  const newestFirst = [...replies.value].reverse();
  return (
    <section class="panel" aria-labelledby="feelings-title" data-testid="feelings">
      <h3 id="feelings-title">{t('feelings.title')}</h3>
      <ol class="feelings" reversed>
        {newestFirst.map((reply) => (
          <Turn key={reply.index} reply={reply} chosen={reply === chosenReply.value} />
        ))}
      </ol>
    </section>
  );
}

function Turn({ reply, chosen }: { reply: Message; chosen: boolean }) {
  const state = reply.answer?.state;
  return (
    <li class={chosen ? 'feeling feeling-chosen' : 'feeling'}>
      <button
        type="button"
        class="feeling-turn"
        aria-pressed={chosen}
        onClick={() => choose(reply.index)}
      >
        {t('watch.turn', { turn: turnNumber(reply) })}
      </button>
      <div class="feeling-facts">
        {state ? <Emotions state={state} /> : <p class="quiet">{t('feelings.none')}</p>}
        {state && state.needs.length > 0 && (
          <p class="needs">
            <span class="quiet">{t('feelings.needs')}</span>
            {state.needs.map((id) => (
              <span class="need">{needName(id)}</span>
            ))}
          </p>
        )}
        {chosen && <Words state={state} risk={reply.answer?.risk} />}
      </div>
    </li>
  );
}

function Emotions({ state }: { state: ClientState }) {
  return (
    <ul class="emotions">
      {state.feels.map(({ emotion, intensity }) => (
        <li class="emotion">
          <span aria-hidden="true">{emotionName(emotion)}</span>
          <span class="hidden">
            {t('feelings.intensity', { name: emotionName(emotion), intensity })}
          </span>
          <span class="intensity" aria-hidden="true">
            {[1, 2, 3, 4, 5].map((i) => (
              <i class={i <= intensity ? 'on' : ''} />
            ))}
          </span>
        </li>
      ))}
    </ul>
  );
}

function grounds(evidence: RiskEvidence): string {
  const what = [evidence.source, evidence.level, evidence.kind].filter(Boolean).join(' ');
  return `${what}: ${evidence.words}`;
}

function Words({ state, risk }: { state?: ClientState | null; risk?: Risk }) {
  return (
    <dl class="feeling-words">
      {state?.situation && (
        <>
          <dt>{t('feelings.situation')}</dt>
          <dd>{state.situation}</dd>
        </>
      )}
      {state?.thinks && (
        <>
          <dt>{t('feelings.thinks')}</dt>
          <dd>{state.thinks}</dd>
        </>
      )}
      <dt>{t('feelings.risk')}</dt>
      <dd>
        {[t(`risk.${risk?.level ?? 'unread'}`), ...(risk?.evidence ?? []).map(grounds)].join(' · ')}
      </dd>
    </dl>
  );
}
