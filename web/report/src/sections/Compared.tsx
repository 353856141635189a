import { useMemo, useState } from 'preact/hooks';

import { Chart } from '../charts/Chart';
import { drawForest, type Dot } from '../charts/forest';
import { distinct, languagesOf, type Better, type Compared as Row, type Report } from '../data';
import { count, decimalsFor, interval, isNumber, languageName, number, pValue, signed } from '../format';
import { Card, Choice, Reasons, Section, VerdictMark, Wide } from '../parts';
import { verdictOf, type Verdict } from '../verdict';
import { Facts } from './Head';
import { Key } from './Key';

// Two runs, b against a.
export function Compared({ report }: { report: Report }) {
  const languages = languagesOf(report.compare);
  const [language, setLanguage] = useState(languages[0] ?? 'all');
  const { runs } = report;
  const better = (row: Row): Better =>
    row.better ?? report.metrics.find(({ id }) => id === row.metric)?.better ?? 'neither';
  const methods = report.compare.some(({ method }) => method !== undefined);
  const rows = report.compare.filter((row) => row.language === language);
  return (
    <Section
      id="compare"
      title="Two runs compared"
      lead="B minus A, on the items that both answered. An interval that crosses the line leaves open which is better."
    >
      {runs.length > 0 && (
        <div class="cards">
          {runs.map(({ name, run }) => (
            <article class="card">
              <header class="card-head">
                <h4>Run {name}</h4>
              </header>
              {typeof run === 'string' ? (
                <p dir="auto">{run}</p>
              ) : (
                <>
                  {run.title && (
                    <p class="finding" dir="auto">
                      {run.title}
                    </p>
                  )}
                  <Facts run={run} />
                </>
              )}
            </article>
          ))}
        </div>
      )}
      <Choice
        name="compare-language"
        label="Language"
        options={languages}
        chosen={language}
        onChoose={setLanguage}
      />
      <Key report={{ baseline: 'run A' }} second={false} alone />
      <div class="cards" key={language}>
        {distinct(rows.map(({ metric }) => metric)).map((metric) => {
          const some = rows.filter((row) => row.metric === metric);
          return <ComparedCard key={metric} rows={some} better={better(some[0]!)} />;
        })}
      </div>
      <Card title="All figures">
        <Wide label="Comparison of two runs">
          <table>
            <thead>
              <tr>
                <th scope="col">Metric</th>
                {methods && <th scope="col">Method</th>}
                {languages.length > 1 && <th scope="col">Language</th>}
                <th scope="col" class="num">
                  A
                </th>
                <th scope="col" class="num">
                  B
                </th>
                <th scope="col" class="num">
                  B − A
                </th>
                <th scope="col" class="num">
                  95 % interval
                </th>
                <th scope="col" class="num">
                  p
                </th>
                <th scope="col" class="num">
                  p, Holm
                </th>
                <th scope="col" class="num">
                  Effect
                </th>
                <th scope="col" class="num">
                  n
                </th>
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {report.compare.map((row) => {
                const decimals = decimalsFor([row.a, row.b]);
                return (
                  <tr>
                    <th scope="row">{row.title ?? row.metric}</th>
                    {methods && <td>{row.method}</td>}
                    {languages.length > 1 && <td>{languageName(row.language)}</td>}
                    <td class="num">{number(row.a, decimals)}</td>
                    <td class="num">{number(row.b, decimals)}</td>
                    <td class="num">{signed(row.difference, decimals)}</td>
                    <td class="num">{interval(row.low, row.high, decimals) || '–'}</td>
                    <td class="num">{pValue(row.p)}</td>
                    <td class="num">{pValue(row.p_holm)}</td>
                    <td class="num">{number(row.effect, 2)}</td>
                    <td class="num">{count(row.n)}</td>
                    <td>
                      <VerdictMark verdict={verdictOf(row, better(row))} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Wide>
        <Reasons of={report.compare} />
      </Card>
    </Section>
  );
}

const kOutcomes: Record<Verdict, string> = {
  better: 'B is clearly better',
  worse: 'A is clearly better',
  differs: 'clearly different',
  unclear: 'no clear difference',
  few: 'too few to say',
};

const kSides = {
  higher: '← A better · B better →',
  lower: '← B better · A better →',
  neither: '← less · more →',
};

function ComparedCard({ rows, better }: { rows: Row[]; better: Better }) {
  const title = rows[0]!.title ?? rows[0]!.metric;
  const decimals = decimalsFor(rows.flatMap(({ difference, low, high }) => [difference, low, high]));
  const each = decimalsFor(rows.flatMap(({ a, b }) => [a, b]));
  const words = rows
    .map((row) => {
      const of = row.method === undefined ? '' : `${row.method}: `;
      return `${of}A ${number(row.a, each)}, B ${number(row.b, each)}, ${kOutcomes[verdictOf(row, better)]}.`;
    })
    .join(' ');
  const { draw, known } = useMemo(() => {
    const dots = rows.map(
      (row): Dot => ({
        row: row.method ?? 'B − A',
        facet: 'all',
        value: row.difference,
        low: row.low,
        high: row.high,
        tone: verdictOf(row, better),
        tip:
          `${row.method ?? title}\nB − A ${signed(row.difference, decimals)} ` +
          `${interval(row.low, row.high, decimals)}\np after Holm ${pValue(row.p_holm)}`,
      }),
    );
    return {
      known: dots.some(({ value }) => isNumber(value)),
      draw: (width: number) =>
        drawForest(
          dots,
          {
            rows: dots.map(({ row }) => row),
            facets: [{ id: 'all', title: '' }],
            decimals,
            zero: true,
            label: kSides[better],
          },
          width,
        ),
    };
  }, []);
  return (
    <Card title={title} finding={words}>
      {known && <Chart draw={draw} summary={`${title}, B minus A. ${words}`} />}
    </Card>
  );
}
