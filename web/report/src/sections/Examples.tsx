import { distinct, type Answer, type Example, type Report, type Step } from '../data';
import { count, decimalsFor, duration, isNumber, number, percent } from '../format';
import { Section } from '../parts';
import { splitOutput } from '../trace';
import { Mix } from './Costs';

export function Examples({ report }: { report: Report }) {
  const reasons = distinct(report.examples.map(({ why }) => why));
  return (
    <Section
      id="examples"
      title="Examples"
      lead="The ends of the scale, so that figures have faces. They are picked by score and are not typical."
    >
      {reasons.map((why) => (
        <div class="group">
          <h3>{why.charAt(0).toLocaleUpperCase() + why.slice(1)}</h3>
          {report.examples
            .filter((example) => example.why === why)
            .map((example) => (
              <ExampleCard example={example} />
            ))}
        </div>
      ))}
    </Section>
  );
}

const kShown = 3; // turns of a talk that stand open

function ExampleCard({ example }: { example: Example }) {
  const language = example.language ?? example.answer?.language;
  const before = example.history.slice(0, -kShown);
  return (
    <article class="card example">
      <header class="card-head">
        <h4>
          {example.method}{' '}
          <span class="quiet">
            in {example.dialogue}, turn {count(example.turn)}
          </span>
        </h4>
        <Scores scores={example.scores} />
      </header>
      <div class="talk" lang={language}>
        {before.length > 0 && (
          <details class="earlier">
            <summary lang="en">
              {before.length === 1 ? '1 earlier turn' : `${before.length} earlier turns`}
            </summary>
            {before.map((turn) => (
              <Turn {...turn} />
            ))}
          </details>
        )}
        {example.history.slice(-kShown).map((turn) => (
          <Turn {...turn} />
        ))}
      </div>
      <div class="replies">
        <Reply title={`The reply of ${example.method}`} text={example.reply} language={language} own />
        <Reply title="The recorded reply" text={example.reference} language={language} />
      </div>
      {example.answer && <Trace answer={example.answer} />}
    </article>
  );
}

function Turn({ role, text }: { role: string; text: string }) {
  return (
    <div class={`turn turn-${role === 'client' ? 'client' : 'counsellor'}`}>
      <p class="turn-role" lang="en">
        {role}
      </p>
      <p class="turn-text" dir="auto">
        {text}
      </p>
    </div>
  );
}

function Reply({
  title,
  text,
  language,
  own = false,
}: {
  title: string;
  text: string | null | undefined;
  language: string | undefined;
  own?: boolean;
}) {
  return (
    <div class={own ? 'reply reply-own' : 'reply'}>
      <h5>{title}</h5>
      {text ? (
        <p class="turn-text" dir="auto" lang={language}>
          {text}
        </p>
      ) : (
        <p class="quiet">none</p>
      )}
    </div>
  );
}

function Scores({ scores }: { scores: Record<string, number | null | undefined> }) {
  return (
    <dl class="scores">
      {Object.entries(scores ?? {}).map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{number(value, decimalsFor([value]))}</dd>
        </div>
      ))}
    </dl>
  );
}

function Trace({ answer }: { answer: Answer }) {
  const steps = answer.steps ?? [];
  const belief = Object.entries(answer.phase?.probabilities ?? {});
  const total = isNumber(answer.total_ms) ? answer.total_ms : 0;
  const longest = Math.max(1, ...steps.map(({ ms }) => ms ?? 0));
  return (
    <details class="figures trace">
      <summary>
        Trace: {steps.length === 1 ? '1 step' : `${steps.length} steps`}
        {total > 0 && `, ${duration(total)}`}
      </summary>
      {answer.state !== null && answer.state !== undefined && (
        <div class="trace-part">
          <h5>Perspective taken</h5>
          <Pretty value={answer.state} />
        </div>
      )}
      {belief.length > 0 && (
        <div class="trace-part">
          <h5>Belief over phases</h5>
          <Probabilities of={belief} />
        </div>
      )}
      <ol class="steps">
        {steps.map((step) => (
          <StepItem step={step} longest={longest} />
        ))}
      </ol>
    </details>
  );
}

function StepItem({ step, longest }: { step: Step; longest: number }) {
  const { probabilities, rest } = splitOutput(step.output);
  const reused = step.reused_tokens ?? 0;
  const read = Math.max(0, (step.prompt_tokens ?? 0) - reused);
  const written = step.output_tokens ?? 0;
  return (
    <li class="step">
      <div class="step-head">
        <b>{step.name}</b>
        <span class="num">{duration(step.ms)}</span>
      </div>
      <svg class="step-time" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="mix-track" width="100" height="6" />
        <rect class="bias-bar" width={(100 * (step.ms ?? 0)) / longest} height="6" />
      </svg>
      <div class="step-tokens">
        <Mix parts={[reused, read, written]} of={Math.max(1, reused + read + written)} />
        <span>
          {count(read)} read · {count(reused)} reused · {count(written)} written
        </span>
      </div>
      {probabilities.length > 0 && <Probabilities of={probabilities} />}
      {rest !== undefined && <Pretty value={rest} />}
    </li>
  );
}

function Probabilities({ of }: { of: [string, number | null | undefined][] }) {
  const top = Math.max(0, ...of.map(([, value]) => value ?? 0));
  return (
    <ul class="probabilities">
      {of.map(([name, value]) => (
        <li class={isNumber(value) && value === top ? 'top' : ''}>
          <span dir="auto">{name}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect class="bias-track" width="100" height="10" />
            <rect class="bias-bar" width={100 * Math.min(1, Math.max(0, value ?? 0))} height="10" />
          </svg>
          <span class="num">{percent(value)}</span>
        </li>
      ))}
    </ul>
  );
}

function Pretty({ value }: { value: unknown }) {
  if (typeof value === 'string')
    return (
      <p class="said" dir="auto">
        {value}
      </p>
    );
  return (
    <pre tabIndex={0} dir="auto">
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
