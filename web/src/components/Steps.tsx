import { live } from '../state/talk';
import { chosenReply, turnNumber } from '../state/watch';
import { layOutSteps, type LiveTurn } from '../turn';
import type { Message, Step } from '../wire';
import { duration, number, t } from '../words';

// The steps of the turn under way as they happen, or of the chosen turn.
export function Steps() {
  if (live.value) return <LiveSteps turn={live.value} />;
  const reply = chosenReply.value;
  return reply && <KeptSteps reply={reply} />;
}

function KeptSteps({ reply }: { reply: Message }) {
  const steps = reply.answer?.steps ?? [];
  const total = reply.answer?.total_ms ?? 0;
  const bars = layOutSteps(steps, total);
  const end = Math.max(total, ...bars.map((bar) => bar.endMs), 1);
  return (
    <section class="panel" aria-labelledby="steps-title" data-testid="steps">
      <header class="panel-head">
        <h3 id="steps-title">{t('steps.title', { turn: turnNumber(reply) })}</h3>
        {total > 0 && <span class="quiet">{t('steps.total', { time: duration(total) })}</span>}
      </header>
      {steps.length === 0 && <p class="quiet">{t('steps.none')}</p>}
      <ol class="steps">
        {bars.map((bar) => (
          <StepRow
            name={bar.step.name}
            step={bar.step}
            start={bar.startMs / end}
            share={(bar.endMs - bar.startMs) / end}
          />
        ))}
      </ol>
      {steps.length > 0 && <Legend />}
    </section>
  );
}

export function LiveSteps({ turn, plain = false }: { turn: LiveTurn; plain?: boolean }) {
  const now = performance.now() - turn.beganMs;
  const end = Math.max(now, 1);
  const rows = (
    <ol class="steps">
      {turn.steps.map((each) => (
        <StepRow
          name={each.name}
          step={each.step}
          start={each.startMs / end}
          share={((each.endMs ?? end) - each.startMs) / end}
        />
      ))}
    </ol>
  );
  if (plain) return rows;
  return (
    <section class="panel" aria-labelledby="steps-title" data-testid="steps" data-live>
      <h3 id="steps-title">{t('steps.running')}</h3>
      {rows}
    </section>
  );
}

interface StepRowProps {
  name: string;
  step: Step | null; // null: still running
  start: number; // of the whole turn's time
  share: number;
}

function StepRow({ name, step, start, share }: StepRowProps) {
  const read = step ? step.prompt_tokens - step.reused_tokens : 0;
  const all = step ? Math.max(1, step.prompt_tokens + step.output_tokens) : 1;
  const parts: [string, number][] = step
    ? [
        ['reused', step.reused_tokens],
        ['read', read],
        ['written', step.output_tokens],
      ]
    : [];
  return (
    <li class="step" data-step={name}>
      <div class="step-head">
        <span class="step-name" lang="en">
          {name}
        </span>
        <span class="step-ms">{step ? duration(step.ms) : t('steps.wait')}</span>
      </div>
      <svg class="step-time" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="step-track" width="100" height="8" />
        <rect
          class={step ? 'step-bar' : 'step-bar step-bar-open'}
          x={start * 100}
          width={Math.max(0.8, share * 100)}
          height="8"
        />
      </svg>
      {step && (
        <>
          <div class="step-tokens">
            <svg class="step-mix" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
              {parts.map(([kind, count], i) => {
                const before = parts.slice(0, i).reduce((sum, [, each]) => sum + each, 0);
                return (
                  <rect class={`mix-${kind}`} x={(before / all) * 100} width={(count / all) * 100} height="4" />
                );
              })}
            </svg>
            <span>
              {t('steps.tokens', {
                read: number(read),
                reused: number(step.reused_tokens),
                written: number(step.output_tokens),
              })}
            </span>
          </div>
          <Output output={step.output} />
        </>
      )}
    </li>
  );
}

// The one line that says most, and everything behind it.
function Output({ output }: { output: unknown }) {
  if (output === null || output === undefined) return null;
  const { label, text } = output as { label?: unknown; text?: unknown };
  const line = typeof label === 'string' ? label : typeof text === 'string' ? text : '';
  return (
    <details class="step-output">
      <summary>{line || t('steps.output')}</summary>
      <pre tabIndex={0}>{JSON.stringify(output, null, 2)}</pre>
    </details>
  );
}

function Legend() {
  return (
    <ul class="legend">
      {(['reused', 'read', 'written'] as const).map((kind) => (
        <li class="legend-item">
          <i class={`swatch mix-${kind}`} />
          {t(`steps.${kind}`)}
        </li>
      ))}
    </ul>
  );
}
