import { useMemo, useState } from 'preact/hooks';

import { Chart } from '../charts/Chart';
import { drawForest, type Dot } from '../charts/forest';
import { distinct, languagesOf, type Comparison, type Metric, type Report } from '../data';
import {
  count,
  decimalsFor,
  groupName,
  interval,
  isNumber,
  languageName,
  number,
  pValue,
  signed,
} from '../format';
import { Card, Choice, Figures, Reasons, Section, VerdictMark, Wide } from '../parts';
import { comparisonOf, differenceInWords, finding, verdictOf } from '../verdict';
import { Key } from './Key';

export function Comparisons({ report }: { report: Report }) {
  const metrics = report.metrics.filter(({ comparisons }) => comparisons.length > 0);
  const languages = languagesOf(metrics.flatMap(({ comparisons }) => comparisons));
  const [language, setLanguage] = useState(languages[0] ?? 'all');
  const second = metrics.some(({ comparisons }) =>
    comparisons.some((each) => isNumber(each.at_equal_length?.difference)),
  );
  return (
    <Section
      id="comparisons"
      title={`Against ${report.baseline ?? 'the baseline'}`}
      lead="The same items answered by both, subtracted item by item. An interval that crosses the line leaves open which is better; a mark is filled only where the difference holds after correction for all that was compared."
    >
      <Choice
        name="comparison-language"
        label="Language"
        options={languages}
        chosen={language}
        onChoose={setLanguage}
      />
      <Key report={report} second={second} alone />
      {distinct(metrics.map(({ group }) => group)).map((group) => (
        <div class="group">
          <h3 id={`comparisons-${group}`}>{groupName(group)}</h3>
          <div class="cards">
            {metrics
              .filter((metric) => metric.group === group)
              .map((metric) => (
                <ComparisonCard
                  key={`${metric.id} ${language}`}
                  metric={metric}
                  report={report}
                  language={language}
                />
              ))}
          </div>
        </div>
      ))}
    </Section>
  );
}

const sides = {
  higher: '← worse · better →',
  lower: '← better · worse →',
  neither: '← less · more →',
};

function ComparisonCard({ metric, report, language }: { metric: Metric; report: Report; language: string }) {
  const decimals = decimalsFor(metric.comparisons.map(({ difference }) => difference));
  const words = finding(metric, report, language);
  const { draw, summary, known } = useMemo(() => {
    const rows = report.methods.map(({ id }) => id).filter((id) => comparisonOf(metric, id, language));
    const dots = rows.map((row): Dot => {
      const comparison = comparisonOf(metric, row, language)!;
      return {
        row,
        facet: 'all',
        value: comparison.difference,
        low: comparison.low,
        high: comparison.high,
        second: comparison.at_equal_length?.difference,
        secondLow: comparison.at_equal_length?.low,
        secondHigh: comparison.at_equal_length?.high,
        tone: verdictOf(comparison, metric.better),
        tip: tipOf(comparison, decimals),
      };
    });
    const all = rows.map(
      (row) => `${row} ${differenceInWords(comparisonOf(metric, row, language)!, decimals)}`,
    );
    return {
      known: dots.some(({ value }) => isNumber(value)),
      draw: (width: number) =>
        drawForest(
          dots,
          {
            rows,
            facets: [{ id: 'all', title: '' }],
            decimals,
            zero: true,
            label: sides[metric.better] ?? '',
          },
          width,
        ),
      summary: `${metric.title}, difference from ${report.baseline}: ${all.join(', ')}. ${words}`,
    };
  }, []);
  return (
    <Card title={metric.title} finding={words} aside={metric.unit}>
      {known && <Chart draw={draw} summary={summary} />}
      <Figures>
        <ComparisonTable metric={metric} decimals={decimals} />
      </Figures>
    </Card>
  );
}

function tipOf(comparison: Comparison, decimals: number): string {
  const equal = comparison.at_equal_length;
  return [
    `${comparison.method} − ${comparison.against}`,
    differenceInWords(comparison, decimals),
    `p ${pValue(comparison.p)}, after Holm ${pValue(comparison.p_holm)}`,
    isNumber(equal?.difference) &&
      `at equal length ${signed(equal?.difference, decimals)} ${interval(equal?.low, equal?.high, decimals)}`,
  ]
    .filter(Boolean)
    .join('\n');
}

function ComparisonTable({ metric, decimals }: { metric: Metric; decimals: number }) {
  const several = languagesOf(metric.comparisons).length > 1;
  return (
    <>
      <Wide label={`${metric.title}: differences`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              {several && <th scope="col">Language</th>}
              <th scope="col" class="num">
                Difference
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
                At equal length
              </th>
              <th scope="col" class="num">
                n
              </th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {metric.comparisons.map((each) => (
              <tr>
                <th scope="row">{each.method}</th>
                {several && <td>{languageName(each.language)}</td>}
                <td class="num">{signed(each.difference, decimals)}</td>
                <td class="num">{interval(each.low, each.high, decimals) || '–'}</td>
                <td class="num">{pValue(each.p)}</td>
                <td class="num">{pValue(each.p_holm)}</td>
                <td class="num">{number(each.effect, 2)}</td>
                <td class="num">
                  {signed(each.at_equal_length?.difference, decimals)}{' '}
                  <span class="range">
                    {interval(each.at_equal_length?.low, each.at_equal_length?.high, decimals)}
                  </span>
                </td>
                <td class="num">{count(each.n)}</td>
                <td>
                  <VerdictMark verdict={verdictOf(each, metric.better)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <Reasons of={metric.comparisons} />
    </>
  );
}
