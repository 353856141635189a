import type { Better, Comparison, Maybe, Metric, Report, Value } from './data';
import { enumerate, interval, isNumber, number, signed } from './format';

// What may be said of a difference, and what may not. Pure.

export const kAlpha = 0.05; // of p after Holm's correction

// 'differs' where neither direction is the better one; 'few' where there is no statistic.
export type Verdict = 'better' | 'worse' | 'differs' | 'unclear' | 'few';

export function verdictOf(
  comparison: { difference: Maybe; p_holm: Maybe } | null | undefined,
  better: Better,
): Verdict {
  if (!comparison || !isNumber(comparison.difference) || !isNumber(comparison.p_holm)) return 'few';
  if (comparison.p_holm >= kAlpha || comparison.difference === 0) return 'unclear';
  if (better === 'neither') return 'differs';
  return comparison.difference > 0 === (better === 'higher') ? 'better' : 'worse';
}

export const kVerdictWords: Record<Verdict, string> = {
  better: 'better',
  worse: 'worse',
  differs: 'differs',
  unclear: 'no clear difference',
  few: 'too few to say',
};
// Beside the colour, for those who do not see it.
export const kVerdictMarks: Record<Verdict, string> = {
  better: '▲',
  worse: '▼',
  differs: '◆',
  unclear: '',
  few: '',
};

export function valueOf(metric: Metric, method: string, language = 'all', phase = 'all'): Value | undefined {
  return metric.values.find(
    (each) => each.method === method && each.language === language && (each.phase ?? 'all') === phase,
  );
}

export function comparisonOf(metric: Metric, method: string, language = 'all'): Comparison | undefined {
  return metric.comparisons.find((each) => each.method === method && each.language === language);
}

export function verdictFor(metric: Metric, method: string, language: string): Verdict {
  return verdictOf(comparisonOf(metric, method, language), metric.better);
}

// The method with the best mean; null where no direction is better, or nothing is known.
export function leaderOf(metric: Metric, methods: string[], language: string): string | null {
  if (metric.better === 'neither') return null;
  const sign = metric.better === 'higher' ? 1 : -1;
  let leader: string | null = null;
  let best = -Infinity;
  for (const method of methods) {
    const mean = valueOf(metric, method, language)?.mean;
    if (isNumber(mean) && sign * mean > best) {
      best = sign * mean;
      leader = method;
    }
  }
  return leader;
}

// Which method's figure is set in bold: the best, and only where it is better than the baseline
// beyond doubt.
export function boldOf(metric: Metric, methods: string[], language: string): string | null {
  const leader = leaderOf(metric, methods, language);
  return leader !== null && verdictFor(metric, leader, language) === 'better' ? leader : null;
}

export type Tally = Record<Verdict, Metric[]>;

// A method's metrics by what came out against the baseline.
export function tallyOf(metrics: Metric[], method: string, language: string): Tally {
  const tally: Tally = { better: [], worse: [], differs: [], unclear: [], few: [] };
  for (const metric of metrics) {
    if (metric.comparisons.length === 0) continue; // nobody compared
    tally[verdictFor(metric, method, language)].push(metric);
  }
  return tally;
}

export interface Sorting {
  metric: string; // its id
  descending: boolean;
}

// Methods by their mean; those without one last, equal ones as they were.
export function sortMethods(
  methods: string[],
  metrics: Metric[],
  language: string,
  by: Sorting | null,
): string[] {
  const metric = metrics.find((each) => each.id === by?.metric);
  if (!metric || !by) return methods;
  const key = (method: string) => {
    const mean = valueOf(metric, method, language)?.mean;
    return isNumber(mean) ? mean : null;
  };
  return [...methods].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return by.descending ? y - x : x - y;
  });
}

// What a click on a metric's head does: the best first, then the worst first, then as it was.
export function nextSorting(now: Sorting | null, metric: Metric): Sorting | null {
  const bestFirst = metric.better !== 'lower';
  if (now?.metric !== metric.id) return { metric: metric.id, descending: bestFirst };
  return now.descending === bestFirst ? { metric: metric.id, descending: !bestFirst } : null;
}

// One sentence on a metric: who is clearly better or worse than the baseline.
export function finding(metric: Metric, report: Report, language = 'all'): string {
  const { baseline } = report;
  const others = report.methods.map(({ id }) => id).filter((id) => id !== baseline);
  if (baseline === null || others.length === 0 || metric.comparisons.length === 0) return '';
  const by = (verdict: Verdict) => others.filter((id) => verdictFor(metric, id, language) === verdict);
  const parts: string[] = [];
  const better = by('better');
  const worse = by('worse');
  const differs = by('differs');
  if (better.length > 0) parts.push(`${enumerate(better)} ${are(better)} clearly better than ${baseline}`);
  if (worse.length > 0) {
    parts.push(
      `${enumerate(worse)} ${are(worse)} clearly worse${better.length > 0 ? '' : ` than ${baseline}`}`,
    );
  }
  if (differs.length > 0)
    parts.push(
      `${enumerate(differs)} clearly ${differs.length === 1 ? 'differs' : 'differ'} from ${baseline}`,
    );
  if (parts.length === 0) {
    return by('unclear').length > 0
      ? `No method differs clearly from ${baseline}.`
      : `Too few items to compare with ${baseline}.`;
  }
  return `${parts.join('; ')}.`;
}

const are = (methods: string[]) => (methods.length === 1 ? 'is' : 'are');

// A value in words, for tips and screen readers.
export function valueInWords(value: Value | undefined, decimals: number, unit = ''): string {
  if (!value || !isNumber(value.mean)) return `no figure${value?.why ? ` (${value.why})` : ''}`;
  const behind = unit ? ` ${unit}` : '';
  return `${number(value.mean, decimals)}${behind} ${interval(value.low, value.high, decimals)}`.trim();
}

export function differenceInWords(comparison: Comparison, decimals: number): string {
  if (!isNumber(comparison.difference)) return `no figure${comparison.why ? ` (${comparison.why})` : ''}`;
  return `${signed(comparison.difference, decimals)} ${interval(comparison.low, comparison.high, decimals)}`.trim();
}
