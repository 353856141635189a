import type { Report, Run } from '../data';
import { count, counted, enumerate, isNumber, languageName, moment } from '../format';

export function Head({ report }: { report: Report }) {
  return (
    <header class="head" id="top">
      <p class="kicker">EmoStage evaluation</p>
      <h1>{report.title ?? 'Evaluation'}</h1>
      <p class="standfirst">{standfirst(report)}</p>
      <Warnings report={report} />
      <Facts run={report} />
      {report.methods.length > 0 && <Methods report={report} />}
    </header>
  );
}

function standfirst({ methods, data, made, baseline, compare }: Report): string {
  const languages = Object.entries(data?.languages ?? {}).map(([code]) => languageName(code));
  const parts = [
    methods.length > 0 && counted(methods.length, 'method'),
    isNumber(data?.dialogues) && `on ${counted(data?.dialogues, 'talk')}`,
    languages.length > 0 && `in ${enumerate(languages)}`,
  ].filter(Boolean);
  const against =
    compare.length > 0
      ? ', run twice'
      : baseline && methods.length > 1
        ? `, each compared with ${baseline}`
        : '';
  const when = made ? ` Made on ${moment(made)}.` : '';
  return parts.length > 0 ? `${parts.join(' ')}${against}.${when}` : when.trim();
}

function Warnings({ report }: { report: Report }) {
  const warnings = [
    ...report.notes,
    ...(report.shard ? [`This is shard ${report.shard}: a part of the items only.`] : []),
  ];
  if (warnings.length === 0) return null;
  return (
    <ul class="warnings" aria-label="Warnings">
      {warnings.map((text) => (
        <li class="warning">
          <span aria-hidden="true">!</span>
          <p dir="auto">{text}</p>
        </li>
      ))}
    </ul>
  );
}

export function Facts({ run }: { run: Run }) {
  const model = typeof run.model === 'string' ? { name: run.model } : run.model;
  const languages = Object.entries(run.data?.languages ?? {});
  return (
    <>
      <dl class="facts">
        <Fact name="Model">{model?.name}</Fact>
        <Fact name="Data">
          {run.data?.name &&
            [
              run.data.name,
              isNumber(run.data.items) && counted(run.data.items, 'item'),
              isNumber(run.data.dialogues) && counted(run.data.dialogues, 'dialogue'),
            ]
              .filter(Boolean)
              .join(' · ')}
        </Fact>
        <Fact name="Languages">
          {languages.map(([code, n]) => `${languageName(code)} ${count(n)}`).join(' · ')}
        </Fact>
        <Fact name="Mode">{run.mode}</Fact>
        <Fact name="Seed">{isNumber(run.seed) ? String(run.seed) : null}</Fact>
        <Fact name="Shard">{run.shard}</Fact>
        <Fact name="Judges">
          {(run.judges ?? [])
            .map(({ name, rubrics, checked }) => {
              const about = [...(rubrics ?? []), checked ? 'checked against people' : 'unchecked'].join(', ');
              return `${name} (${about})`;
            })
            .join(' · ')}
        </Fact>
        <Fact name="EmoStage">{run.emostage}</Fact>
        <Fact name="Made">{run.made && moment(run.made)}</Fact>
        <Fact name="Model id" wide>
          {model?.id && <code>{model.id}</code>}
        </Fact>
        <Fact name="Data’s SHA-256" wide>
          {run.data?.sha256 && <code>{run.data.sha256}</code>}
        </Fact>
        <Fact name="Command" wide>
          {run.command && <code class="command">{run.command}</code>}
        </Fact>
      </dl>
    </>
  );
}

interface FactProps {
  name: string;
  wide?: boolean;
  children: preact.ComponentChildren;
}

function Fact({ name, wide = false, children }: FactProps) {
  if (!children) return null;
  return (
    <div class={wide ? 'fact fact-wide' : 'fact'}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Methods({ report }: { report: Report }) {
  return (
    <details class="figures" open>
      <summary>The methods</summary>
      <dl class="methods">
        {report.methods.map(({ id, summary, trivial, items, failed }) => (
          <div class="method">
            <dt>
              {id}
              {id === report.baseline && report.compare.length === 0 && <span class="tag">baseline</span>}
              {trivial && <span class="tag">no method</span>}
            </dt>
            <dd>
              {summary}{' '}
              <span class="quiet">
                {isNumber(items) && counted(items, 'item')}
                {isNumber(failed) && failed > 0 && `, ${count(failed)} failed`}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
