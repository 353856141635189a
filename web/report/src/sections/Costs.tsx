import { useMemo, useState } from 'preact/hooks';

import { Chart } from '../charts/Chart';
import { drawBalance, type Balance } from '../charts/more';
import type { Cost, Report } from '../data';
import { count, decimalsFor, duration, isNumber, number } from '../format';
import { Card, Choice, Section, Wide } from '../parts';
import { Key } from './Key';
import { valueInWords, valueOf, verdictFor } from '../verdict';

export function Costs({ report }: { report: Report }) {
  const qualities = report.metrics.filter(({ group, better }) => group !== 'cost' && better !== 'neither');
  const [chosen, setChosen] = useState(qualities[0]?.id ?? '');
  return (
    <Section
      id="cost"
      title="Cost against quality"
      lead="What a turn costs on this machine, and what it brings. Times hold for this machine and this model; tokens hold anywhere."
    >
      <Choice
        name="cost-metric"
        label="Against"
        options={qualities.map(({ id }) => id)}
        chosen={chosen}
        title={(id) => qualities.find((metric) => metric.id === id)?.title ?? id}
        onChoose={setChosen}
      />
      {chosen && <BalanceCard key={chosen} report={report} metricId={chosen} />}
      <CostTable report={report} />
    </Section>
  );
}

function BalanceCard({ report, metricId }: { report: Report; metricId: string }) {
  const metric = report.metrics.find(({ id }) => id === metricId)!;
  const { draw, words } = useMemo(() => {
    const decimals = decimalsFor(metric.values.map(({ mean }) => mean));
    const toneOf = (method: string) => {
      const verdict = verdictFor(metric, method, 'all');
      return method === report.baseline ? 'baseline' : verdict === 'few' ? 'unclear' : verdict;
    };
    const dots = report.cost.flatMap((cost): Balance[] => {
      const value = valueOf(metric, cost.method);
      if (!isNumber(cost.ms?.mean) || !isNumber(value?.mean)) return [];
      return [
        {
          method: cost.method,
          ms: cost.ms.mean,
          msLow: cost.ms.low,
          msHigh: cost.ms.high,
          value: value.mean,
          low: value.low,
          high: value.high,
          tone: toneOf(cost.method),
          tip: `${cost.method}\n${duration(cost.ms.mean)} a turn\n${metric.title} ${valueInWords(value, decimals, metric.unit)}`,
        },
      ];
    });
    return {
      draw: dots.length > 0 ? (width: number) => drawBalance(dots, metric.title, width) : null,
      words: dots.map(
        (dot) => `${dot.method}: ${duration(dot.ms)}, ${metric.title} ${number(dot.value, decimals)}`,
      ),
    };
  }, []);
  if (!draw) return null;
  const better =
    metric.better === 'higher' ? 'Up and to the left is better.' : 'Down and to the left is better.';
  return (
    <Card
      title={`${metric.title} and the time of a turn`}
      about={`${better} Bars are 95 % intervals of both.`}
    >
      <Key report={report} />
      <Chart draw={draw} summary={`${words.join('; ')}.`} max={900} />
    </Card>
  );
}

const tokens = (cost: Cost): number => (cost.read ?? 0) + (cost.reused ?? 0) + (cost.written ?? 0);
const kParts = ['reused', 'read', 'written'] as const;

function CostTable({ report }: { report: Report }) {
  const most = Math.max(1, ...report.cost.map(tokens));
  const ms = report.cost.map((cost) => cost.ms?.mean).filter(isNumber);
  const base = report.cost.find(({ method }) => method === report.baseline)?.ms?.mean;
  const against = isNumber(base) && base > 0 && ms.length > 1;
  return (
    <Card title="A turn, on average">
      <ul class="key" aria-label="What the colours mean">
        {kParts.map((part) => (
          <li>
            <i class={`swatch mix-${part}`} aria-hidden="true" />
            {{ reused: 'tokens found read already', read: 'tokens read', written: 'tokens written' }[part]}
          </li>
        ))}
      </ul>
      <Wide label="Cost of a turn">
        <table class="cost">
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col" class="num">
                Whole turn
              </th>
              {against && (
                <th scope="col" class="num">
                  × {report.baseline}
                </th>
              )}
              <th scope="col" class="num">
                First token
              </th>
              <th scope="col" class="num">
                Calls
              </th>
              <th scope="col" class="num">
                Read
              </th>
              <th scope="col" class="num">
                Reused
              </th>
              <th scope="col" class="num">
                Written
              </th>
              <th scope="col">Tokens</th>
            </tr>
          </thead>
          <tbody>
            {report.cost.map((cost) => (
              <tr class={cost.method === report.baseline ? 'is-baseline' : ''}>
                <th scope="row">{cost.method}</th>
                <td class="num">
                  {duration(cost.ms?.mean)}
                  {isNumber(cost.ms?.low) && isNumber(cost.ms?.high) && (
                    <span class="range">
                      {' '}
                      [{duration(cost.ms.low)}, {duration(cost.ms.high)}]
                    </span>
                  )}
                </td>
                {against && (
                  <td class="num">{isNumber(cost.ms?.mean) ? number(cost.ms.mean / base, 2) : '–'}</td>
                )}
                <td class="num">{duration(cost.first_token_ms)}</td>
                <td class="num">{number(cost.calls, 1)}</td>
                <td class="num">{count(cost.read)}</td>
                <td class="num">{count(cost.reused)}</td>
                <td class="num">{count(cost.written)}</td>
                <td class="mix-cell">
                  <Mix parts={[cost.reused ?? 0, cost.read ?? 0, cost.written ?? 0]} of={most} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Card>
  );
}

// Tokens found read, read and written, as one bar.
export function Mix({ parts, of }: { parts: [number, number, number]; of: number }) {
  let before = 0;
  return (
    <svg class="mix" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="mix-track" width="100" height="8" />
      {kParts.map((part, i) => {
        const x = (100 * before) / of;
        before += parts[i]!;
        return <rect class={`mix-${part}`} x={x} width={(100 * parts[i]!) / of} height="8" />;
      })}
    </svg>
  );
}
