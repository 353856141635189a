import * as Plot from '@observablehq/plot';

import type { Bin, LabelRow } from '../data';
import { count, isNumber, percent } from '../format';
import { clip, kChartStyle, widest } from './common';

// How often each recorded label (rows) was found to be which (columns); the darker, the larger its
// share of the row.
export function drawConfusion(labels: string[], confusion: number[][], width: number): Element {
  const cells = labels.flatMap((of, i) => {
    const sum = (confusion[i] ?? []).reduce((all, each) => all + each, 0);
    return labels.map((as, j) => {
      const n = confusion[i]?.[j] ?? 0;
      return { of, as, n, share: sum > 0 ? n / sum : 0, right: i === j };
    });
  });
  const left = Math.min(widest(labels), Math.max(70, width * 0.3)) + 12;
  const last = Math.min(150, widest(labels.slice(-2)));
  const across = (width - left - 4) / labels.length;
  const upright = widest(labels) > Math.min(54, across) - 6; // names that do not fit stand aslant
  const behind = upright ? Math.max(4, last * 0.72 - 12) : 4;
  const size = Math.min(54, Math.max(20, (width - left - behind) / labels.length));
  const top = upright ? Math.min(116, widest(labels) * 0.71 + 16) : 26;
  const total = left + size * labels.length + behind;
  return Plot.plot({
    width: total,
    height: top + size * labels.length + 4,
    marginLeft: left,
    marginRight: behind,
    marginTop: top,
    marginBottom: 4,
    style: kChartStyle,
    x: { domain: labels, axis: null, padding: 0.04 },
    y: { domain: labels, axis: null, padding: 0.04 },
    color: { type: 'identity' },
    opacity: { type: 'identity' } as unknown as Plot.ScaleOptions,
    marks: [
      Plot.axisX({
        anchor: 'top',
        tickSize: 0,
        label: null,
        tickRotate: upright ? -45 : 0,
        tickFormat: (label: string) => clip(label, 150),
        color: 'var(--ink-soft)',
      }),
      Plot.axisY({
        anchor: 'left',
        tickSize: 0,
        label: null,
        tickPadding: 6,
        tickFormat: (label: string) => clip(label, left - 12),
        color: 'var(--ink)',
      }),
      Plot.cell(cells, { x: 'as', y: 'of', fill: 'var(--sunk)', rx: 3 }),
      Plot.cell(cells, {
        x: 'as',
        y: 'of',
        fill: 'var(--heat)',
        fillOpacity: (cell: (typeof cells)[number]) => cell.share * 0.62, // so that ink stays legible
        rx: 3,
        title: (cell: (typeof cells)[number]) =>
          `recorded ${cell.of}\nfound ${cell.as}\n${count(cell.n)} (${percent(cell.share)} of the row)`,
        tip: true,
      }),
      Plot.cell(
        cells.filter((cell) => cell.right),
        { x: 'as', y: 'of', fill: 'none', stroke: 'var(--ink)', strokeWidth: 1.25, rx: 3 },
      ),
      Plot.text(
        cells.filter((cell) => cell.n > 0),
        {
          x: 'as',
          y: 'of',
          text: (cell: (typeof cells)[number]) => count(cell.n),
          fontSize: size < 30 ? 9 : 12,
          fontWeight: (cell: (typeof cells)[number]) => (cell.right ? 700 : 400),
          fill: 'var(--ink)',
        } as unknown as Plot.TextOptions,
      ),
    ],
  });
}

// What was claimed against what held; on the diagonal, a claim of 70 % is right seven times of ten.
export function drawReliability(bins: Bin[], width: number): Element {
  const size = Math.min(width, 320);
  const dots = bins.filter((bin) => bin.n > 0 && isNumber(bin.confidence) && isNumber(bin.accuracy));
  const most = Math.max(1, ...dots.map(({ n }) => n));
  return Plot.plot({
    width: size,
    height: size + 18,
    marginLeft: 44,
    marginBottom: 44,
    marginTop: 28,
    marginRight: 12,
    style: kChartStyle,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, 1], axis: null },
    r: { type: 'identity' },
    color: { type: 'identity' },
    marks: [
      Plot.gridX({ ticks: 4, stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.gridY({ ticks: 4, stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.axisX({
        ticks: 4,
        tickFormat: '.0%',
        tickSize: 0,
        label: 'confidence',
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: 38,
        color: 'var(--ink-soft)',
      }),
      Plot.axisY({
        ticks: 4,
        tickFormat: '.0%',
        tickSize: 0,
        label: 'right',
        labelAnchor: 'top',
        labelArrow: 'none',
        labelOffset: 40,
        color: 'var(--ink-soft)',
      }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: 'var(--line-strong)', strokeDasharray: '3 4' },
      ),
      Plot.ruleX(dots, {
        x: 'confidence',
        y1: 'confidence',
        y2: 'accuracy',
        stroke: (bin: Bin) => (bin.accuracy! < bin.confidence! ? 'var(--warm)' : 'var(--accent)'),
        strokeWidth: 2,
        strokeOpacity: 0.7,
      }),
      Plot.dot(dots, {
        x: 'confidence',
        y: 'accuracy',
        r: (bin: Bin) => 2.5 + 8 * Math.sqrt(bin.n / most),
        fill: (bin: Bin) => (bin.accuracy! < bin.confidence! ? 'var(--warm)' : 'var(--accent)'),
        fillOpacity: 0.75,
        stroke: 'var(--sheet)',
        title: (bin: Bin) =>
          `claimed ${percent(bin.confidence)}\nright ${percent(bin.accuracy)}\n${count(bin.n)} items`,
        tip: true,
      }),
    ],
  });
}

// Of all items: how many were put too early in the talk's course, how many too late.
export function drawTiming(rows: LabelRow[], width: number): Element {
  const names = rows.map(({ method }) => method);
  const inside = width < 460;
  const left = inside ? 8 : Math.min(width * 0.36, widest(names)) + 18;
  const most = Math.max(0.1, ...rows.flatMap(({ early, late }) => [early ?? 0, late ?? 0]));
  const bars = rows.flatMap((row) => [
    {
      row: row.method,
      share: -(row.early ?? 0),
      known: isNumber(row.early),
      what: 'too early',
      colour: 'var(--early)',
    },
    {
      row: row.method,
      share: row.late ?? 0,
      known: isNumber(row.late),
      what: 'too late',
      colour: 'var(--late)',
    },
  ]);
  type Bar = (typeof bars)[number];
  const known = bars.filter((bar) => bar.known);
  const words = (bar: Bar) => percent(Math.abs(bar.share));
  return Plot.plot({
    width,
    height: rows.length * (inside ? 46 : 30) + 30,
    marginLeft: left,
    marginRight: 12,
    marginTop: 24,
    marginBottom: 6,
    style: kChartStyle,
    x: { domain: [-most * 1.25, most * 1.25], axis: null },
    y: { domain: names, axis: null, padding: inside ? 0.5 : 0.3 },
    color: { type: 'identity' },
    marks: [
      Plot.text(['← too early'], {
        x: () => 0,
        text: (label: string) => label,
        frameAnchor: 'top',
        textAnchor: 'end',
        dx: -8,
        dy: -18,
        fontWeight: 600,
        fill: 'var(--ink-soft)',
      }),
      Plot.text(['too late →'], {
        x: () => 0,
        text: (label: string) => label,
        frameAnchor: 'top',
        textAnchor: 'start',
        dx: 8,
        dy: -18,
        fontWeight: 600,
        fill: 'var(--ink-soft)',
      }),
      inside
        ? Plot.text(names, {
            y: (name: string) => name,
            text: (name: string) => clip(name, width - 20),
            frameAnchor: 'left',
            textAnchor: 'start',
            dy: -20,
            dx: -4,
            fill: 'var(--ink)',
          })
        : Plot.axisY({
            anchor: 'left',
            tickSize: 0,
            label: null,
            tickPadding: 10,
            tickFormat: (name: string) => clip(name, left - 14),
            color: 'var(--ink)',
          }),
      Plot.barX(known, {
        y: 'row',
        x: 'share',
        fill: 'colour',
        rx: 2,
        title: (bar: Bar) => `${bar.row}\n${words(bar)} ${bar.what}`,
      }),
      Plot.text(known, {
        y: 'row',
        x: 'share',
        text: words,
        filter: (bar: Bar) => bar.share < 0 || bar.what === 'too early',
        textAnchor: 'end',
        dx: -5,
        fill: 'var(--ink-soft)',
      }),
      Plot.text(known, {
        y: 'row',
        x: 'share',
        text: words,
        filter: (bar: Bar) => bar.what === 'too late',
        textAnchor: 'start',
        dx: 5,
        fill: 'var(--ink-soft)',
      }),
      Plot.ruleX([0], { stroke: 'var(--ink)' }),
    ],
  });
}

// What a confusion matrix comes to, label by label.
export function recalls(
  labels: string[],
  confusion: number[][],
): { label: string; n: number; recall: number | null }[] {
  return labels.map((label, i) => {
    const n = (confusion[i] ?? []).reduce((all, each) => all + each, 0);
    return { label, n, recall: n > 0 ? (confusion[i]?.[i] ?? 0) / n : null };
  });
}
