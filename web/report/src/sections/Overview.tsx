import { useState } from 'preact/hooks';

import { distinct, languagesOf, type Metric, type Report } from '../data';
import { counted, decimalsFor, groupName, isNumber, languageName } from '../format';
import { Choice, Num, Reasons, Section, Wide } from '../parts';
import {
  boldOf,
  kVerdictMarks,
  kVerdictWords,
  nextSorting,
  sortMethods,
  tallyOf,
  valueOf,
  verdictFor,
  type Sorting,
  type Verdict,
} from '../verdict';

const kDirections = { higher: 'higher is better', lower: 'lower is better', neither: 'neither is better' };
const kArrows = { higher: '↑', lower: '↓', neither: '·' };

export const direction = (metric: Metric): string => kDirections[metric.better] ?? '';

export function Overview({ report }: { report: Report }) {
  const languages = languagesOf(report.metrics.flatMap(({ values }) => values));
  const [language, setLanguage] = useState(languages[0] ?? 'all');
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const methods = sortMethods(
    report.methods.map(({ id }) => id),
    report.metrics,
    language,
    sorting,
  );
  const groups = distinct(report.metrics.map(({ group }) => group));
  return (
    <Section
      id="overview"
      title="Overview"
      lead={
        <>
          Means with 95 % intervals. A figure is <b>bold</b> where a method has the best mean and differs from{' '}
          {report.baseline} after Holm’s correction (p &lt; 0.05). Click a heading to sort by it.
        </>
      }
    >
      <Choice
        name="overview-language"
        label="Language"
        options={languages}
        chosen={language}
        onChoose={setLanguage}
      />
      {report.baseline !== null && report.metrics.some(({ comparisons }) => comparisons.length > 0) && (
        <Score report={report} language={language} />
      )}
      <div class="overview-groups">
        {groups.map((group) => (
          <Group
            key={group}
            group={group}
            metrics={report.metrics.filter((metric) => metric.group === group)}
            methods={methods}
            baseline={report.baseline}
            language={language}
            sorting={sorting}
            onSort={(metric) => setSorting(nextSorting(sorting, metric))}
          />
        ))}
      </div>
    </Section>
  );
}

const kOrder: Verdict[] = ['better', 'differs', 'unclear', 'few', 'worse'];

// A square a metric: what came out for each method against the baseline.
function Score({ report, language }: { report: Report; language: string }) {
  const others = report.methods.filter(({ id }) => id !== report.baseline);
  const compared = report.metrics.filter(({ comparisons }) => comparisons.length > 0);
  const rows = others.map(({ id }) => {
    const tally = tallyOf(report.metrics, id, language);
    const words = kOrder
      .filter((verdict) => tally[verdict].length > 0)
      .map(
        (verdict) =>
          `${tally[verdict].length} ${verdict === 'differs' ? 'different' : kVerdictWords[verdict]}`,
      )
      .join(' · ');
    return { id, tally, words };
  });
  return (
    <figure class="score" aria-label={`Against ${report.baseline}`}>
      <figcaption>
        <b>At a glance.</b> One square for each of {counted(compared.length, 'metric')}, against{' '}
        {report.baseline}
        {language !== 'all' && `, ${languageName(language)}`}.
      </figcaption>
      <ul>
        {rows.map(({ id, tally, words }) => (
          <li>
            <span class="score-name">{id}</span>
            <span class="squares" aria-hidden="true">
              {kOrder.flatMap((verdict) =>
                tally[verdict].map((metric) => (
                  <i class={`square square-${verdict}`} title={`${metric.title}: ${kVerdictWords[verdict]}`}>
                    {kVerdictMarks[verdict]}
                  </i>
                )),
              )}
            </span>
            <span class="score-words">{words}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

interface GroupProps {
  group: string;
  metrics: Metric[];
  methods: string[];
  baseline: string | null;
  language: string;
  sorting: Sorting | null;
  onSort: (metric: Metric) => void;
}

function Group({ group, metrics, methods, baseline, language, sorting, onSort }: GroupProps) {
  const columns = metrics.map((metric) => {
    const values = methods.map((method) => valueOf(metric, method, language));
    const ends = values.flatMap((value) => [value?.mean, value?.low, value?.high]).filter(isNumber);
    return {
      metric,
      decimals: decimalsFor(values.map((value) => value?.mean)),
      bold: boldOf(metric, methods, language),
      low: Math.min(...ends),
      high: Math.max(...ends),
      base: baseline === null ? null : valueOf(metric, baseline, language)?.mean,
    };
  });
  const title = groupName(group);
  return (
    <div class="overview-group">
      <h3 id={`overview-${group}`}>{title}</h3>
      <Wide label={`${title}: methods and metrics`}>
        <table class="overview">
          <thead>
            <tr>
              <th scope="col">Method</th>
              {columns.map(({ metric }) => {
                const now = sorting?.metric === metric.id;
                return (
                  <th
                    scope="col"
                    aria-sort={now ? (sorting.descending ? 'descending' : 'ascending') : 'none'}
                    title={metric.about}
                  >
                    <button type="button" class="sort" onClick={() => onSort(metric)}>
                      {metric.title}
                      {metric.unit && <span class="unit"> {metric.unit}</span>}
                      <span class="sort-mark" aria-hidden="true">
                        {now ? (sorting.descending ? ' ▾' : ' ▴') : ''}
                      </span>
                    </button>
                    <span class="direction">
                      <span aria-hidden="true">{kArrows[metric.better]} </span>
                      {direction(metric)}
                    </span>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {methods.map((method) => (
              <tr class={method === baseline ? 'is-baseline' : ''}>
                <th scope="row">
                  {method}
                  {method === baseline && <span class="tag">baseline</span>}
                </th>
                {columns.map(({ metric, decimals, bold, low, high, base }) => {
                  const value = valueOf(metric, method, language);
                  const verdict = method === baseline ? 'unclear' : verdictFor(metric, method, language);
                  return (
                    <td class={bold === method ? 'best' : ''}>
                      {value && isNumber(value.mean) ? (
                        <>
                          <span class="mean">
                            <Num value={value.mean} decimals={decimals} />
                            {kVerdictMarks[verdict] && (
                              <span class={`mark mark-${verdict}`}>
                                <span aria-hidden="true"> {kVerdictMarks[verdict]}</span>
                                <span class="hidden"> {kVerdictWords[verdict]}</span>
                              </span>
                            )}
                          </span>
                          {isNumber(value.low) && isNumber(value.high) && (
                            <>
                              <Whisker
                                low={low}
                                high={high}
                                of={[value.low, value.mean, value.high]}
                                base={base}
                                tone={method === baseline ? 'baseline' : verdict}
                              />
                              <span class="range">
                                <Num value={value.low} decimals={decimals} /> to{' '}
                                <Num value={value.high} decimals={decimals} />
                              </span>
                            </>
                          )}
                        </>
                      ) : (
                        <span class="quiet" title={value?.why ?? 'not measured'}>
                          –
                        </span>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <Reasons
        of={metrics.flatMap((metric) =>
          metric.values.filter((value) => value.language === language && (value.phase ?? 'all') === 'all'),
        )}
      />
    </div>
  );
}

interface WhiskerProps {
  low: number; // of the whole column
  high: number;
  of: [number, number, number];
  base: number | null | undefined;
  tone: string;
}

// The interval again, as long as it is, on the column's own scale; a tick where the baseline is.
function Whisker({ low, high, of, base, tone }: WhiskerProps) {
  const at = (value: number) => (high > low ? 4 + (92 * (value - low)) / (high - low) : 50);
  return (
    <svg class={`whisker tone-${tone}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <line class="whisker-track" x1="0" x2="100" y1="4" y2="4" />
      {isNumber(base) && <line class="whisker-base" x1={at(base)} x2={at(base)} y1="0" y2="8" />}
      <line class="whisker-range" x1={at(of[0])} x2={at(of[2])} y1="4" y2="4" />
      <line class="whisker-mean" x1={at(of[1])} x2={at(of[1])} y1="0.5" y2="7.5" />
    </svg>
  );
}
