import type { ComponentChildren } from 'preact';

import type { Maybe } from './data';
import { interval, kNothing, languageName, number } from './format';
import { kVerdictMarks, kVerdictWords, type Verdict } from './verdict';

interface SectionProps {
  id: string;
  title: string;
  lead?: ComponentChildren;
  children: ComponentChildren;
}

export function Section({ id, title, lead, children }: SectionProps) {
  return (
    <section class="section" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {lead && <p class="lead">{lead}</p>}
      {children}
    </section>
  );
}

interface CardProps {
  title: string;
  aside?: ComponentChildren; // which way is better
  about?: ComponentChildren;
  finding?: string;
  children: ComponentChildren;
}

export function Card({ title, aside, about, finding, children }: CardProps) {
  return (
    <article class="card">
      <header class="card-head">
        <h4>{title}</h4>
        {aside && <span class="direction">{aside}</span>}
      </header>
      {about && <p class="about">{about}</p>}
      {finding && <p class="finding">{finding}</p>}
      {children}
    </article>
  );
}

// The figures of a chart, for whoever would rather read or copy them.
export function Figures({
  children,
  summary = 'Figures',
}: {
  children: ComponentChildren;
  summary?: string;
}) {
  return (
    <details class="figures">
      <summary>{summary}</summary>
      {children}
    </details>
  );
}

// A wide table scrolls by itself; the keyboard can reach it.
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="wide" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

export function Num({
  value,
  low,
  high,
  decimals,
}: {
  value: Maybe;
  low?: Maybe;
  high?: Maybe;
  decimals: number;
}) {
  const range = interval(low, high, decimals);
  return (
    <>
      {number(value, decimals)}
      {range && <span class="range"> {range}</span>}
    </>
  );
}

export function VerdictMark({ verdict }: { verdict: Verdict }) {
  return (
    <span class={`verdict verdict-${verdict}`}>
      {kVerdictMarks[verdict] && <span aria-hidden="true">{kVerdictMarks[verdict]} </span>}
      {kVerdictWords[verdict]}
    </span>
  );
}

// Why there is no figure: each reason once.
export function Reasons({ of }: { of: { why?: string | null }[] }) {
  const reasons = [...new Set(of.map(({ why }) => why).filter((why): why is string => !!why))];
  if (reasons.length === 0) return null;
  return (
    <p class="reasons">
      <b>{kNothing}</b> no figure: {reasons.join('; ')}
    </p>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  options: string[];
  chosen: string;
  title?: (option: string) => string;
  onChoose: (option: string) => void;
}

export function Choice({ name, label, options, chosen, title = languageName, onChoose }: ChoiceProps) {
  if (options.length < 2) return null;
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map((option) => (
        <label class={option === chosen ? 'chosen' : ''}>
          <input type="radio" name={name} checked={option === chosen} onChange={() => onChoose(option)} />
          {title(option)}
        </label>
      ))}
    </fieldset>
  );
}
