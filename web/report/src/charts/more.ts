import * as Plot from '@observablehq/plot';

import type { Maybe, Strategy } from '../data';
import { duration, isNumber, number } from '../format';
import { clip, kChartStyle, widest } from './common';

// How much more (right of 1) or less often a method takes a strategy than its fair share.
export function drawPreference(strategy: Strategy, most: number, width: number): Element {
  const bars = strategy.labels.map((label, i) => ({ label, value: strategy.preference[i] }));
  const left = Math.min(width * 0.46, widest(strategy.labels)) + 14;
  const known = bars.filter((bar) => isNumber(bar.value)) as { label: string; value: number }[];
  type Bar = (typeof known)[number];
  const share = (bar: Bar) => number(bar.value, 2);
  return Plot.plot({
    width,
    height: bars.length * 23 + 28,
    marginLeft: left,
    marginRight: 36,
    marginTop: 20,
    marginBottom: 8,
    style: kChartStyle,
    x: { domain: [0, Math.max(1.2, most)], axis: null },
    y: { domain: strategy.labels, axis: null, padding: 0.28 },
    color: { type: 'identity' },
    marks: [
      Plot.axisY({ anchor: 'left', tickSize: 0, label: null, tickPadding: 8, tickFormat: (name: string) => clip(name, left - 12), color: 'var(--ink)' }),
      Plot.text(['even'], { x: () => 1, text: (label: string) => label, frameAnchor: 'top', dy: -16, fill: 'var(--ink-soft)' }),
      Plot.barX(known, {
        y: 'label',
        x1: 1,
        x2: 'value',
        fill: (bar: Bar) => (bar.value >= 1 ? 'var(--late)' : 'var(--early)'),
        rx: 2,
        title: (bar: Bar) => `${bar.label}: ${share(bar)}`,
      }),
      Plot.text(known, { y: 'label', x: 'value', text: share, filter: (bar: Bar) => bar.value >= 1, textAnchor: 'start', dx: 5, fill: 'var(--ink-soft)' }),
      Plot.text(known, { y: 'label', x: 'value', text: share, filter: (bar: Bar) => bar.value < 1, textAnchor: 'end', dx: -5, fill: 'var(--ink-soft)' }),
      Plot.ruleX([1], { stroke: 'var(--ink)' }),
    ],
  });
}

export interface Balance {
  method: string;
  ms: number;
  msLow: Maybe;
  msHigh: Maybe;
  value: number;
  low: Maybe;
  high: Maybe;
  baseline: boolean;
  tip: string;
}

// What a turn costs against what it brings.
export function drawBalance(dots: Balance[], yLabel: string, width: number): Element {
  const times = dots.flatMap((dot) => [dot.ms, dot.msLow, dot.msHigh]).filter(isNumber);
  const spread = Math.max(...times) / Math.max(1e-9, Math.min(...times));
  const logarithmic = spread > 12 && Math.min(...times) > 0;
  const values = dots.flatMap((dot) => [dot.value, dot.low, dot.high]).filter(isNumber);
  const span = Math.max(...values) - Math.min(...values) || 1;
  const reach = Math.max(...times) - Math.min(...times) || Math.max(...times) || 1;
  // A name stands where there is room: left of its dot in the right half.
  const middle = logarithmic
    ? Math.sqrt(Math.max(...times) * Math.min(...times))
    : (Math.max(...times) + Math.min(...times)) / 2;
  const toRight = (dot: Balance) => dot.ms <= middle;
  const colour = (dot: Balance) => (dot.baseline ? 'var(--ink)' : 'var(--accent)');
  const name = (side: boolean) =>
    Plot.text(dots, {
      x: 'ms',
      y: 'value',
      text: (dot: Balance) => clip(dot.method, width * 0.4),
      filter: (dot: Balance) => toRight(dot) === side,
      textAnchor: side ? 'start' : 'end',
      dx: side ? 8 : -8,
      dy: -11,
      fontSize: 13,
      fontWeight: 600,
      fill: colour,
      stroke: 'var(--sheet)',
      strokeWidth: 4,
    });
  const bounded = (low: keyof Balance, high: keyof Balance) => (dot: Balance) => isNumber(dot[low]) && isNumber(dot[high]);
  return Plot.plot({
    width,
    height: Math.max(300, Math.min(440, width * 0.62)),
    marginLeft: 52,
    marginRight: 16,
    marginTop: 32,
    marginBottom: 48,
    style: kChartStyle,
    x: {
      type: logarithmic ? 'log' : 'linear',
      domain: logarithmic
        ? [Math.min(...times) / 1.25, Math.max(...times) * 1.25]
        : [Math.max(0, Math.min(...times) - reach * 0.12), Math.max(...times) + reach * 0.12],
      axis: null,
    },
    y: { domain: [Math.min(...values) - span * 0.12, Math.max(...values) + span * 0.16], axis: null },
    color: { type: 'identity' },
    marks: [
      Plot.gridY({ ticks: 5, stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.axisX({
        ticks: Math.floor(width / 110),
        tickSize: 4,
        tickFormat: (ms: number) => duration(ms).replace(/\.0+(?= )/, ''),
        label: 'time of a turn',
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: 42,
        color: 'var(--ink-soft)',
      }),
      Plot.axisY({ ticks: 5, tickSize: 0, label: yLabel, labelAnchor: 'top', labelArrow: 'none', labelOffset: 46, color: 'var(--ink-soft)' }),
      Plot.ruleY(dots, { y: 'value', x1: 'msLow', x2: 'msHigh', filter: bounded('msLow', 'msHigh'), stroke: colour, strokeOpacity: 0.5, strokeWidth: 2 }),
      Plot.ruleX(dots, { x: 'ms', y1: 'low', y2: 'high', filter: bounded('low', 'high'), stroke: colour, strokeOpacity: 0.5, strokeWidth: 2 }),
      Plot.dot(dots, { x: 'ms', y: 'value', r: 5, fill: colour, stroke: 'var(--sheet)', symbol: 'circle', title: 'tip', tip: { fontSize: 12 } as Plot.TipOptions }),
      name(true),
      name(false),
    ],
  });
}
