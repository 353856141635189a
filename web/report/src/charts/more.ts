import * as Plot from '@observablehq/plot';

import type { Maybe, Strategy } from '../data';
import { isNumber, number, roughly } from '../format';
import {
  clip,
  kChartStyle,
  kToneColour,
  kToneSymbol,
  textWidth,
  toneFill,
  widest,
  type Tone,
} from './common';

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
    marginRight: 40,
    marginTop: 20,
    marginBottom: 8,
    style: kChartStyle,
    x: { domain: [0, Math.max(1.2, most)], axis: null },
    y: { domain: strategy.labels, axis: null, padding: 0.28 },
    color: { type: 'identity' },
    marks: [
      Plot.axisY({
        anchor: 'left',
        tickSize: 0,
        label: null,
        tickPadding: 8,
        tickFormat: (name: string) => clip(name, left - 12),
        color: 'var(--ink)',
      }),
      Plot.text(['even'], {
        x: () => 1,
        text: (label: string) => label,
        frameAnchor: 'top',
        dy: -16,
        fill: 'var(--ink-soft)',
      }),
      Plot.barX(known, {
        y: 'label',
        x1: 1,
        x2: 'value',
        fill: (bar: Bar) => (bar.value >= 1 ? 'var(--late)' : 'var(--early)'),
        rx: 2,
        title: (bar: Bar) => `${bar.label}: ${share(bar)}`,
      }),
      Plot.text(known, {
        y: 'label',
        text: share,
        frameAnchor: 'right',
        textAnchor: 'end',
        dx: 34,
        fill: 'var(--ink-soft)',
      }),
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
  tone: Tone;
  tip: string;
}

const kLeft = 52;
const kRight = 16;
const kTop = 32;
const kBottom = 48;

interface Place {
  x: number; // of the dot, in pixels
  y: number;
  width: number; // of its name
}

export interface Spot {
  right: boolean; // of the dot, else left of it
  dy: number;
}

// Where each name stands beside its dot, so that it covers as little as can be of other names and
// dots, and nothing lies outside. One after another; no going back.
export function placeNames(places: Place[], width: number): Spot[] {
  const kHeight = 17;
  const taken: [number, number, number, number][] = places.map(({ x, y }) => [x - 6, y - 6, x + 6, y + 6]);
  const overlap = (a: [number, number, number, number]) =>
    taken.reduce((sum, b) => {
      const across = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
      const down = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
      return across > 0 && down > 0 ? sum + across * down : sum;
    }, 0);
  return places.map(({ x, y, width: long }) => {
    let best: { spot: Spot; cost: number; box: [number, number, number, number] } | null = null;
    for (const dy of [-11, 12, -26, 27]) {
      for (const right of [true, false]) {
        const left = right ? x + 8 : x - 8 - long;
        const box: [number, number, number, number] = [
          left,
          y + dy - kHeight / 2,
          left + long,
          y + dy + kHeight / 2,
        ];
        const outside = Math.max(0, -box[0]) + Math.max(0, box[2] - width);
        const cost = overlap(box) + outside * 100 + Math.abs(dy) * 0.5;
        if (!best || cost < best.cost) best = { spot: { right, dy }, cost, box };
      }
    }
    taken.push(best!.box);
    return best!.spot;
  });
}

// What a turn costs against what it brings.
export function drawBalance(dots: Balance[], yLabel: string, width: number): Element {
  const times = dots.flatMap((dot) => [dot.ms, dot.msLow, dot.msHigh]).filter(isNumber);
  const spread = Math.max(...times) / Math.max(1e-9, Math.min(...times));
  const logarithmic = spread > 12 && Math.min(...times) > 0;
  const values = dots.flatMap((dot) => [dot.value, dot.low, dot.high]).filter(isNumber);
  const span = Math.max(...values) - Math.min(...values) || 1;
  const reach = Math.max(...times) - Math.min(...times) || Math.max(...times) || 1;
  const yDomain: [number, number] = [Math.min(...values) - span * 0.1, Math.max(...values) + span * 0.12];
  const xDomain: [number, number] = logarithmic
    ? [Math.min(...times) / 1.25, Math.max(...times) * 1.25]
    : [Math.max(0, Math.min(...times) - reach * 0.12), Math.max(...times) + reach * 0.12];
  const height = Math.max(300, Math.min(440, width * 0.62));
  const part = (value: number, [from, to]: [number, number], bent = false) =>
    bent ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
  const spots = placeNames(
    dots.map((dot) => ({
      x: kLeft + part(dot.ms, xDomain, logarithmic) * (width - kLeft - kRight),
      y: kTop + (1 - part(dot.value, yDomain)) * (height - kTop - kBottom),
      width: Math.min(textWidth(dot.method) * 1.13, width * 0.42),
    })),
    width,
  );
  const colour = (dot: Balance) => kToneColour[dot.tone];
  const bounded = (low: keyof Balance, high: keyof Balance) => (dot: Balance) =>
    isNumber(dot[low]) && isNumber(dot[high]);
  return Plot.plot({
    width,
    height,
    marginLeft: kLeft,
    marginRight: kRight,
    marginTop: kTop,
    marginBottom: kBottom,
    style: kChartStyle,
    x: {
      type: logarithmic ? 'log' : 'linear',
      domain: xDomain,
      axis: null,
    },
    y: { domain: yDomain, axis: null },
    color: { type: 'identity' },
    symbol: { type: 'identity' } as unknown as Plot.ScaleOptions,
    marks: [
      Plot.gridY({ ticks: 5, stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.axisX({
        ticks: Math.floor(width / 110),
        tickSize: 4,
        tickFormat: roughly,
        label: 'time of a turn',
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: 42,
        color: 'var(--ink-soft)',
      }),
      Plot.axisY({
        ticks: 5,
        tickSize: 0,
        label: yLabel,
        labelAnchor: 'top',
        labelArrow: 'none',
        labelOffset: 46,
        color: 'var(--ink-soft)',
      }),
      Plot.ruleY(dots, {
        y: 'value',
        x1: 'msLow',
        x2: 'msHigh',
        filter: bounded('msLow', 'msHigh'),
        stroke: colour,
        strokeOpacity: 0.5,
        strokeWidth: 2,
      }),
      Plot.ruleX(dots, {
        x: 'ms',
        y1: 'low',
        y2: 'high',
        filter: bounded('low', 'high'),
        stroke: colour,
        strokeOpacity: 0.5,
        strokeWidth: 2,
      }),
      Plot.dot(dots, {
        x: 'ms',
        y: 'value',
        r: 5.5,
        fill: (dot: Balance) => toneFill(dot.tone),
        stroke: colour,
        strokeWidth: 1.75,
        symbol: (dot: Balance) => kToneSymbol[dot.tone],
        rotate: (dot: Balance) => (dot.tone === 'worse' ? 180 : 0),
        title: 'tip',
        tip: { fontSize: 12 } as Plot.TipOptions,
      }),
      ...dots.map((dot, i) =>
        Plot.text([dot], {
          x: 'ms',
          y: 'value',
          text: () => clip(dot.method, width * 0.37),
          textAnchor: spots[i]!.right ? 'start' : 'end',
          dx: spots[i]!.right ? 8 : -8,
          dy: spots[i]!.dy,
          fontSize: 13,
          fontWeight: 600,
          fill: kToneColour[dot.tone],
          stroke: 'var(--sheet)',
          strokeWidth: 4,
        }),
      ),
    ],
  });
}
