import * as Plot from '@observablehq/plot';

import type { Maybe } from '../data';
import { isNumber, number, signed } from '../format';
import { clip, kChartStyle, kToneColour, kToneSymbol, toneFill, widest, type Tone } from './common';

export interface Dot {
  row: string;
  facet: string;
  value: Maybe;
  low: Maybe;
  high: Maybe;
  tone: Tone;
  tip: string;
  second?: Maybe; // the same at equal length
  secondLow?: Maybe;
  secondHigh?: Maybe;
}

export interface ForestOptions {
  rows: string[]; // from top to bottom
  facets: { id: string; title: string }[]; // side by side, or below one another on a narrow page
  label: string; // of the axis
  decimals: number;
  zero?: boolean; // differences: a line at nought, signs before the numbers
  // What a dashed line stands at in a facet: the baseline's value.
  reference?: (facet: string) => Maybe;
  // On a narrow page all facets but the first are folded away under these words.
  fold?: string;
}

const kNarrow = 560; // pixels; below it, names stand above their intervals and facets below another
const kNames = 0.3; // of the width, at most; what is longer is cut

// A dot and its interval a row.
export function drawForest(dots: Dot[], options: ForestOptions, width: number): Element {
  const domain = domainOf(dots, options);
  const { facets } = options;
  const frame = document.createElement('div');
  const names = Math.min(widest(options.rows), width * kNames);
  const inside = width < kNarrow;
  const perFacet = (width - (inside ? 0 : names)) / facets.length;
  if (facets.length > 1 && (inside || perFacet < 104)) {
    const columns = Math.max(1, Math.min(facets.length, Math.floor((width - names) / 150)));
    if (!inside && columns > 1) {
      for (let at = 0; at < facets.length; at += columns) {
        frame.append(row(dots, { ...options, facets: facets.slice(at, at + columns) }, width, domain, false));
      }
      return frame;
    }
    let into: Element = frame;
    facets.forEach((facet, i) => {
      if (i === 1 && options.fold) {
        into = document.createElement('details');
        into.className = 'figures';
        into.append(Object.assign(document.createElement('summary'), { textContent: options.fold }));
        frame.append(into);
      }
      const title = document.createElement('p');
      title.className = 'facet-title';
      title.textContent = facet.title;
      into.append(title, row(dots, { ...options, facets: [facet] }, width, domain, inside));
    });
    return frame;
  }
  frame.append(row(dots, options, width, domain, inside));
  return frame;
}

// The places a number needs behind its interval included.
function domainOf(dots: Dot[], { zero }: ForestOptions): [number, number] {
  const ends = dots
    .flatMap((dot) => [dot.value, dot.low, dot.high, dot.second, dot.secondLow, dot.secondHigh])
    .filter(isNumber);
  if (zero) ends.push(0);
  if (ends.length === 0) return [0, 1];
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const span = high - low || Math.abs(high) || 1;
  return [low - span * 0.06, high + span * 0.06];
}

function row(
  all: Dot[],
  options: ForestOptions,
  width: number,
  domain: [number, number],
  inside: boolean,
): Element {
  const { facets, rows, decimals, zero, reference } = options;
  const several = facets.length > 1;
  const shown = all.filter((dot) => facets.some(({ id }) => id === dot.facet));
  const dots = shown.filter((dot) => isNumber(dot.value));
  const missing = shown.filter((dot) => !isNumber(dot.value));
  const second = dots.filter((dot) => isNumber(dot.second));
  const values = facets.length === 1 || width / facets.length > 210;
  const text = (dot: Dot) => (zero ? signed : number)(dot.value, decimals);
  const room = values ? 14 + widest(dots.map(text)) : 0; // for the numbers at the right
  const marginLeft = inside ? 8 : Math.min(width * kNames, widest(rows)) + 18;
  const rowHeight = inside ? 44 : second.length > 0 ? 34 : 27;
  const bottom = several || options.label === '' ? 24 : 40;
  const top = several ? 24 : 4;
  const titles = new Map(facets.map(({ id, title }) => [id, title]));
  const grid = facets.flatMap(({ id }) => rows.map((name) => ({ facet: id, row: name })));
  const references = facets
    .map(({ id }) => ({ facet: id, value: reference?.(id) }))
    .filter(({ value }) => isNumber(value));
  const facetWidth = (width - marginLeft) / facets.length - 12;

  return Plot.plot({
    width,
    height: rows.length * rowHeight + top + bottom,
    marginLeft,
    marginRight: 8,
    marginTop: top,
    marginBottom: bottom,
    style: kChartStyle,
    x: { domain, label: null, insetRight: room },
    y: { type: 'point', domain: rows, axis: null, padding: 0.5 },
    fx: several ? { domain: facets.map(({ id }) => id), axis: null, padding: 0.09 } : { axis: null },
    symbol: { type: 'identity' } as unknown as Plot.ScaleOptions,
    color: { type: 'identity' },
    marks: [
      Plot.ruleY(grid, {
        fx: 'facet',
        y: 'row',
        stroke: 'var(--line)',
        dy: inside ? 6 : 0,
        insetRight: room,
      }),
      Plot.axisX({
        anchor: 'bottom',
        label: null,
        tickSize: 4,
        color: 'var(--ink-soft)',
        ticks: Math.max(2, Math.min(6, Math.floor((facetWidth - room) / (zero ? 84 : 64)))),
      }),
      several
        ? Plot.text(facets, {
            fx: 'id',
            text: ({ id }: { id: string }) => clip(titles.get(id) ?? id, facetWidth + 6),
            frameAnchor: 'top-left',
            textAnchor: 'start',
            dy: -20,
            fontWeight: 600,
            fill: 'var(--ink)',
          })
        : null,
      zero ? Plot.ruleX([0], { stroke: 'var(--ink)', strokeWidth: 1.25 }) : null,
      Plot.ruleX(references, {
        fx: 'facet',
        x: 'value',
        stroke: 'var(--line-strong)',
        strokeDasharray: '2 3',
      }),
      inside
        ? Plot.text(rows, {
            y: (name: string) => name,
            text: (name: string) => clip(name, width - 24),
            frameAnchor: 'left',
            textAnchor: 'start',
            dy: -11,
            dx: -4,
            fill: 'var(--ink)',
            stroke: 'var(--sheet)',
            strokeWidth: 4,
          })
        : Plot.axisY({
            anchor: 'left',
            tickSize: 0,
            label: null,
            tickPadding: 10,
            tickFormat: (name: string) => clip(name, marginLeft - 14),
            color: 'var(--ink)',
            ...(several ? { facetAnchor: 'left' } : {}),
          } as Plot.AxisYOptions),
      Plot.ruleY(
        second.filter((dot) => isNumber(dot.secondLow) && isNumber(dot.secondHigh)),
        {
          fx: 'facet',
          y: 'row',
          x1: 'secondLow',
          x2: 'secondHigh',
          stroke: 'var(--line-strong)',
          strokeWidth: 1.5,
          dy: inside ? 13 : 8,
        },
      ),
      Plot.dot(second, {
        fx: 'facet',
        y: 'row',
        x: 'second',
        r: 2.5,
        fill: 'var(--sheet)',
        stroke: 'var(--line-strong)',
        strokeWidth: 1.5,
        dy: inside ? 13 : 8,
      }),
      Plot.ruleY(
        dots.filter((dot) => isNumber(dot.low) && isNumber(dot.high)),
        {
          fx: 'facet',
          y: 'row',
          x1: 'low',
          x2: 'high',
          stroke: (dot: Dot) => kToneColour[dot.tone],
          strokeWidth: 2.5,
          strokeOpacity: 0.55,
          dy: inside ? 6 : second.length > 0 ? -2 : 0,
        },
      ),
      Plot.dot(dots, {
        fx: 'facet',
        y: 'row',
        x: 'value',
        r: 4.5,
        symbol: (dot: Dot) => kToneSymbol[dot.tone],
        rotate: (dot: Dot) => (dot.tone === 'worse' ? 180 : 0),
        fill: (dot: Dot) => toneFill(dot.tone),
        stroke: (dot: Dot) => kToneColour[dot.tone],
        strokeWidth: 1.75,
        dy: inside ? 6 : second.length > 0 ? -2 : 0,
        title: 'tip',
        tip: { fontSize: 12, lineWidth: 26 } as Plot.TipOptions,
      }),
      values
        ? Plot.text(dots, {
            fx: 'facet',
            y: 'row',
            text,
            frameAnchor: 'right',
            textAnchor: 'end',
            dy: inside ? 6 : second.length > 0 ? -2 : 0,
            fill: (dot: Dot) => (dot.tone === 'unclear' ? 'var(--ink-soft)' : kToneColour[dot.tone]),
            fontWeight: (dot: Dot) => (dot.tone === 'better' || dot.tone === 'worse' ? 600 : 400),
            fontVariant: 'tabular-nums',
          } as unknown as Plot.TextOptions)
        : null,
      Plot.text(missing, {
        fx: 'facet',
        y: 'row',
        text: () => 'too few',
        frameAnchor: 'left',
        textAnchor: 'start',
        dx: 6,
        dy: inside ? 6 : 0,
        fontStyle: 'italic',
        fill: 'var(--ink-soft)',
        stroke: 'var(--sheet)',
        strokeWidth: 5,
        title: 'tip',
      }),
      several
        ? null // the card's title says it
        : Plot.text([options.label], {
            text: (label: string) => label,
            frameAnchor: 'bottom-left',
            textAnchor: 'start',
            dy: 35,
            fill: 'var(--ink-soft)',
          }),
    ],
  });
}
