import { describe, expect, it } from 'vitest';

import { kReports, pageOf } from '../mock/report.mjs';
import { placeNames } from '../report/src/charts/more';
import { clip, textWidth } from '../report/src/charts/common';
import { languagesOf, readReport, type Comparison, type Metric, type Report } from '../report/src/data';
import {
  counted,
  decimalsFor,
  duration,
  enumerate,
  interval,
  moment,
  number,
  pValue,
  percent,
  signed,
} from '../report/src/format';
import { splitOutput } from '../report/src/trace';
import {
  boldOf,
  finding,
  leaderOf,
  nextSorting,
  sortMethods,
  tallyOf,
  valueInWords,
  verdictOf,
} from '../report/src/verdict';

const value = (method: string, mean: number | null, language = 'all', phase = 'all') => ({
  method,
  language,
  phase,
  n: 10,
  mean,
  low: mean === null ? null : mean - 1,
  high: mean === null ? null : mean + 1,
  why: mean === null ? 'one dialogue' : null,
});
const comparison = (method: string, difference: number | null, p_holm: number | null): Comparison => ({
  method,
  against: 'direct',
  language: 'all',
  difference,
  low: null,
  high: null,
  p: p_holm,
  p_holm,
  effect: null,
  n: 10,
});
const metric = (
  better: Metric['better'],
  a: [number | null, number | null, number | null],
  b: [number | null, number | null, number | null],
): Metric => ({
  id: 'm',
  title: 'M',
  group: 'text',
  better,
  values: [value('direct', 5), value('a', a[0]), value('b', b[0])],
  comparisons: [comparison('a', a[1], a[2]), comparison('b', b[1], b[2])],
});
const kMethods = ['direct', 'a', 'b'];
const report = (metrics: Metric[]): Report =>
  readReport(
    JSON.stringify({ version: 1, baseline: 'direct', methods: kMethods.map((id) => ({ id })), metrics }),
  )!;

describe('A difference', () => {
  it('is better or worse only after Holm, and by the way the metric points', () => {
    expect(verdictOf(comparison('a', 1, 0.049), 'higher')).toBe('better');
    expect(verdictOf(comparison('a', 1, 0.049), 'lower')).toBe('worse');
    expect(verdictOf(comparison('a', -1, 0.01), 'lower')).toBe('better');
    expect(verdictOf(comparison('a', -1, 0.01), 'neither')).toBe('differs');
    expect(verdictOf(comparison('a', 1, 0.05), 'higher')).toBe('unclear');
    expect(verdictOf({ ...comparison('a', 1, 0.2), p: 0.001 } as Comparison, 'higher')).toBe('unclear');
  });

  it('without a statistic is too few to say, never equal', () => {
    expect(verdictOf(comparison('a', null, null), 'higher')).toBe('few');
    expect(verdictOf(comparison('a', 3, null), 'higher')).toBe('few');
    expect(verdictOf(undefined, 'higher')).toBe('few');
  });
});

describe('Bold', () => {
  it('is the best figure that clearly beats the baseline', () => {
    expect(boldOf(metric('higher', [9, 4, 0.01], [7, 2, 0.01]), kMethods, 'all')).toBe('a');
    expect(boldOf(metric('lower', [3, -2, 0.01], [2, -3, 0.01]), kMethods, 'all')).toBe('b');
  });

  it('is none where the best is not clear, is the baseline, or nothing is better', () => {
    expect(boldOf(metric('higher', [9, 4, 0.3], [7, 2, 0.01]), kMethods, 'all')).toBeNull();
    expect(boldOf(metric('higher', [4, -1, 0.01], [3, -2, 0.01]), kMethods, 'all')).toBeNull();
    expect(boldOf(metric('neither', [9, 4, 0.01], [7, 2, 0.01]), kMethods, 'all')).toBeNull();
    expect(boldOf(metric('higher', [null, null, null], [null, null, null]), ['a', 'b'], 'all')).toBeNull();
  });

  it('never falls on a figure that is not there', () => {
    expect(leaderOf(metric('lower', [null, null, null], [4, -1, 0.2]), kMethods, 'all')).toBe('b');
  });
});

describe('A sentence on a metric', () => {
  it('names who is clearly better and worse', () => {
    const mixed = metric('higher', [9, 4, 0.01], [2, -3, 0.01]);
    expect(finding(mixed, report([mixed]))).toBe('a is clearly better than direct; b is clearly worse.');
    const both = metric('higher', [2, -3, 0.01], [2, -3, 0.01]);
    expect(finding(both, report([both]))).toBe('a and b are clearly worse than direct.');
  });

  it('does not make anything of nothing', () => {
    const unclear = metric('higher', [9, 4, 0.5], [2, -3, null]);
    expect(finding(unclear, report([unclear]))).toBe('No method differs clearly from direct.');
    const few = metric('higher', [null, null, null], [null, null, null]);
    expect(finding(few, report([few]))).toBe('Too few items to compare with direct.');
  });

  it('counts metrics by what came out', () => {
    const metrics = [
      metric('higher', [9, 4, 0.01], [9, 4, 0.5]),
      metric('lower', [9, 4, 0.01], [9, null, null]),
    ];
    const { better, worse, few } = tallyOf(metrics, 'a', 'all');
    expect([better.length, worse.length, few.length]).toEqual([1, 1, 0]);
    expect(tallyOf(metrics, 'b', 'all').few).toHaveLength(1);
  });
});

describe('A metric that nobody compares', () => {
  const alone = { ...metric('lower', [9, 4, 0.01], [2, -3, 0.01]), comparisons: [] };

  it('is neither counted nor spoken of as too few', () => {
    expect(tallyOf([alone], 'a', 'all').few).toHaveLength(0);
    expect(finding(alone, report([alone]))).toBe('');
    expect(boldOf(alone, kMethods, 'all')).toBeNull();
  });
});

describe('Sorting', () => {
  const sorted = metric('lower', [null, null, null], [2, -3, 0.01]);

  it('puts methods without a figure last, both ways', () => {
    expect(sortMethods(kMethods, [sorted], 'all', { metric: 'm', descending: false })).toEqual([
      'b',
      'direct',
      'a',
    ]);
    expect(sortMethods(kMethods, [sorted], 'all', { metric: 'm', descending: true })).toEqual([
      'direct',
      'b',
      'a',
    ]);
  });

  it('begins with the best, turns, and goes back', () => {
    const first = nextSorting(null, sorted);
    expect(first).toEqual({ metric: 'm', descending: false });
    const second = nextSorting(first, sorted);
    expect(second).toEqual({ metric: 'm', descending: true });
    expect(nextSorting(second, sorted)).toBeNull();
    expect(nextSorting(null, { ...sorted, better: 'higher' })?.descending).toBe(true);
  });
});

describe('Numbers', () => {
  it('have three digits that mean something, the same in a whole column', () => {
    expect(decimalsFor([0.1321, 0.02])).toBe(3);
    expect(decimalsFor([14.2, 9.123, null])).toBe(1);
    expect(decimalsFor([1480])).toBe(0);
    expect(decimalsFor([null, undefined, 0])).toBe(2);
    expect(decimalsFor([1e-9])).toBe(4);
  });

  it('that are not there are a dash, and no interval', () => {
    for (const show of [number, signed, pValue, percent, duration]) {
      expect(show(null)).toBe('–');
      expect(show(undefined)).toBe('–');
      expect(show(NaN)).toBe('–');
    }
    expect(interval(null, 1)).toBe('');
    expect(valueInWords(value('a', null), 2)).toBe('no figure (one dialogue)');
    expect(valueInWords(undefined, 2)).toBe('no figure');
  });

  it('carry a real minus, and none before nought', () => {
    expect(number(-1234.5, 1)).toBe('−1,234.5');
    expect(number(-0.001, 2)).toBe('0.00');
    expect(signed(0.001, 2)).toBe('0.00');
    expect(signed(0.25, 2)).toBe('+0.25');
  });

  it('read well', () => {
    expect(pValue(0.0004)).toBe('< 0.001');
    expect(pValue(0.04)).toBe('0.040');
    expect(duration(412.3)).toBe('412 ms');
    expect(duration(2103)).toBe('2.10 s');
    expect(counted(1, 'talk')).toBe('1 talk');
    expect(enumerate(['a', 'b', 'c'])).toBe('a, b and c');
    expect(moment('2026-11-21T12:00:00Z')).toBe('21 November 2026, 12:00 UTC');
    expect(moment('some day')).toBe('some day');
  });
});

describe('A report', () => {
  it('is read with whatever it leaves out', () => {
    expect(readReport('null')).toBeNull();
    expect(readReport('[]')).toBeNull();
    const empty = readReport('{"version":1,"metrics":[{"id":"m"}],"labels":null}')!;
    expect(empty.metrics[0]?.comparisons).toEqual([]);
    expect(empty.labels).toEqual([]);
    expect(empty.baseline).toBeNull();
  });

  it('names its two runs, in a list or not', () => {
    const names = (runs: unknown) =>
      readReport(JSON.stringify({ version: 1, runs }))!.runs.map(({ name }) => name);
    expect(names([{ model: 'x' }, { model: 'y' }])).toEqual(['A', 'B']);
    expect(names({ a: 'x', b: {} })).toEqual(['A', 'B']);
    expect(names(undefined)).toEqual([]);
  });

  it('of one language does not say it twice', () => {
    const of = (...codes: string[]) => languagesOf(codes.map((language) => ({ language })));
    expect(of('en', 'all')).toEqual(['all']);
    expect(of('en', 'all', 'ja')).toEqual(['all', 'en', 'ja']);
    expect(of('en')).toEqual(['en']);
  });

  it('lies in its page without an end of the script in it', () => {
    const template = '<script type="application/json" id="report">null</script><script>1</script>';
    const page = pageOf(template, kReports.nasty());
    expect(page.match(/<\/script/g)).toHaveLength(2);
    expect(page).not.toContain('<img');
  });
});

describe('A step’s output', () => {
  it('has its probabilities apart, the likeliest first', () => {
    const { probabilities, rest } = splitOutput({ label: 'b', probabilities: { a: 0.2, b: 0.8, c: null } });
    expect(probabilities).toEqual([
      ['b', 0.8],
      ['a', 0.2],
    ]);
    expect(rest).toBeUndefined();
    expect(splitOutput({ label: 'a', probabilities: { a: 0.2, b: 0.8 } }).rest).toEqual({ label: 'a' });
  });

  it('of one text is that text, and of none is nothing', () => {
    expect(splitOutput({ text: 'so' })).toEqual({ probabilities: [], rest: 'so' });
    expect(splitOutput(null).rest).toBeUndefined();
    expect(splitOutput([1]).rest).toEqual([1]);
    expect(splitOutput({ probabilities: {} })).toEqual({ probabilities: [], rest: undefined });
  });
});

describe('Names in a chart', () => {
  it('are cut to their place, and wide characters counted as wide', () => {
    expect(clip('direct', 200)).toBe('direct');
    expect(clip('unbreakable'.repeat(9), 60)).toMatch(/^unb.*…$/);
    expect(textWidth('方法')).toBeGreaterThan(textWidth('ab'));
  });

  it('do not cover one another where dots are close', () => {
    const spots = placeNames(
      [
        { x: 100, y: 100, width: 80 },
        { x: 110, y: 100, width: 80 },
        { x: 390, y: 50, width: 80 },
      ],
      400,
    );
    expect(spots[0]).not.toEqual(spots[1]);
    expect(spots[2]?.right).toBe(false); // no room at the right
  });
});
