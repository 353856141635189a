import { useMemo } from 'preact/hooks';

import { Chart } from '../charts/Chart';
import { drawForest, type Dot } from '../charts/forest';
import { distinct, languagesOf, type Maybe, type Metric, type Report } from '../data';
import { count, decimalsFor, groupName, isNumber, languageName, number } from '../format';
import { Card, Figures, Num, Reasons, Section, Wide } from '../parts';
import { finding, valueInWords, valueOf, verdictFor } from '../verdict';
import { Key } from './Key';
import { direction } from './Overview';

export function Metrics({ report }: { report: Report }) {
  const groups = distinct(report.metrics.map(({ group }) => group));
  return (
    <Section
      id="metrics"
      title="Metric by metric"
      lead={`Each mark is a method’s mean, each bar its 95 % interval.${
        report.baseline ? ` The dashed line is ${report.baseline}, the baseline.` : ''
      }`}
    >
      <Key report={report} />
      {groups.map((group) => (
        <div class="group">
          <h3 id={`metrics-${group}`}>{groupName(group)}</h3>
          {report.metrics
            .filter((metric) => metric.group === group)
            .map((metric) => (
              <MetricCard key={metric.id} metric={metric} report={report} />
            ))}
        </div>
      ))}
      <Corpus report={report} />
    </Section>
  );
}

function MetricCard({ metric, report }: { metric: Metric; report: Report }) {
  const whole = metric.values.filter((value) => (value.phase ?? 'all') === 'all');
  const languages = languagesOf(whole);
  const phases = distinct(metric.values.map((value) => value.phase ?? 'all')).filter(
    (phase) => phase !== 'all',
  );
  const main = languages[0] ?? 'all';
  const words = finding(metric, report, main);
  return (
    <Card
      title={metric.unit ? `${metric.title}, ${metric.unit}` : metric.title}
      aside={direction(metric)}
      about={metric.about}
      finding={words}
    >
      <Facets
        metric={metric}
        report={report}
        facets={languages.map((id) => ({ id, title: languageName(id) }))}
        by="language"
        words={words}
      />
      <Figures>
        <ValueTable
          metric={metric}
          report={report}
          facets={languages.map((id) => ({ id, title: languageName(id) }))}
          by="language"
          language={main}
        />
      </Figures>
      {phases.length > 0 && (
        <details class="figures by-phase" data-print>
          <summary>By phase of the talk</summary>
          <Facets
            metric={metric}
            report={report}
            facets={phases.map((id) => ({ id, title: id }))}
            by="phase"
            words={`${metric.title} by phase.`}
            language={main}
          />
          <Figures>
            <ValueTable
              metric={metric}
              report={report}
              facets={phases.map((id) => ({ id, title: id }))}
              by="phase"
              language={main}
            />
          </Figures>
        </details>
      )}
    </Card>
  );
}

// What is measured of all replies together, and has no interval.
function Corpus({ report }: { report: Report }) {
  const { corpus } = report;
  const columns = distinct(corpus.flatMap((row) => Object.keys(row))).filter(
    (key) => !['method', 'language', 'replies'].includes(key),
  );
  if (columns.length === 0) return null;
  const figure = (row: Record<string, unknown>, key: string) => row[key] as Maybe;
  return (
    <Card
      title="All replies together"
      about="Counted over all replies of a method at once; without intervals."
    >
      <Wide label="Figures of all replies together">
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col">Language</th>
              <th scope="col" class="num">
                Replies
              </th>
              {columns.map((key) => (
                <th scope="col" class="num">
                  {key.replaceAll('_', ' ')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {corpus.map((row) => (
              <tr>
                <th scope="row">{String(row.method)}</th>
                <td>{languageName(String(row.language))}</td>
                <td class="num">{count(figure(row, 'replies'))}</td>
                {columns.map((key) => (
                  <td class="num">
                    {number(figure(row, key), decimalsFor(corpus.map((each) => figure(each, key))))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Card>
  );
}

interface FacetsProps {
  metric: Metric;
  report: Report;
  facets: { id: string; title: string }[];
  by: 'language' | 'phase';
  words?: string;
  language?: string; // that phases are shown of
}

function Facets({ metric, report, facets, by, words = '', language = 'all' }: FacetsProps) {
  const { draw, summary, known } = useMemo(() => {
    const rows = report.methods.map(({ id }) => id);
    const unit = metric.unit ?? '';
    const decimals = decimalsFor(metric.values.map(({ mean }) => mean));
    const find = (method: string, facet: string) =>
      by === 'language' ? valueOf(metric, method, facet) : valueOf(metric, method, language, facet);
    const dots: Dot[] = facets.flatMap((facet) =>
      rows.map((row) => {
        const value = find(row, facet.id);
        const tested = by === 'language' ? verdictFor(metric, row, facet.id) : 'unclear';
        return {
          row,
          facet: facet.id,
          value: value?.mean,
          low: value?.low,
          high: value?.high,
          tone: row === report.baseline ? 'baseline' : tested === 'few' ? 'unclear' : tested,
          tip: `${row} · ${facet.title}\n${valueInWords(value, decimals, unit)}${value ? `\n${count(value.n)} items` : ''}`,
        };
      }),
    );
    const first = facets[0]?.id ?? '';
    const each = rows.map((row) => `${row} ${valueInWords(find(row, first), decimals, unit)}`).join(', ');
    return {
      known: dots.some(({ value }) => isNumber(value)),
      draw: (width: number) =>
        drawForest(
          dots,
          {
            rows,
            facets,
            decimals,
            label: '',
            fold: by === 'language' ? 'By language' : undefined,
            reference: (facet) => (report.baseline === null ? null : find(report.baseline, facet)?.mean),
          },
          width,
        ),
      summary: `${words} ${facets[0]?.title ?? ''}: ${each}.`.trim(),
    };
  }, []);
  return known ? <Chart draw={draw} summary={summary} /> : null;
}

function ValueTable({ metric, report, facets, by, language = 'all' }: FacetsProps) {
  const decimals = decimalsFor(metric.values.map(({ mean }) => mean));
  const rows = facets.flatMap((facet) =>
    report.methods.map(({ id }) => ({
      facet,
      id,
      value: by === 'language' ? valueOf(metric, id, facet.id) : valueOf(metric, id, language, facet.id),
    })),
  );
  return (
    <>
      <Wide label={`${metric.title}: figures`}>
        <table>
          <thead>
            <tr>
              <th scope="col">{by === 'language' ? 'Language' : 'Phase'}</th>
              <th scope="col">Method</th>
              <th scope="col" class="num">
                Mean, 95 % interval
              </th>
              <th scope="col" class="num">
                Items
              </th>
              <th scope="col" class="num">
                Dialogues
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ facet, id, value }) => (
              <tr>
                <td>{facet.title}</td>
                <th scope="row">{id}</th>
                <td class="num">
                  <Num value={value?.mean} low={value?.low} high={value?.high} decimals={decimals} />
                </td>
                <td class="num">{count(value?.n)}</td>
                <td class="num">{count(value?.dialogues)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <Reasons of={rows.flatMap(({ value }) => (value ? [value] : []))} />
    </>
  );
}
