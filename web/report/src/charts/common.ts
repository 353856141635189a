import type { Verdict } from '../verdict';

// Colour says one thing in the whole report: what came out against the baseline. Shape says it again.
export type Tone = Verdict | 'baseline' | 'reading';

export const kToneColour: Record<Tone, string> = {
  better: 'var(--accent)',
  worse: 'var(--warm)',
  differs: 'var(--differs)',
  unclear: 'var(--ink-soft)',
  few: 'var(--ink-soft)',
  baseline: 'var(--ink)',
  reading: 'var(--accent)', // of labels, where nothing is tested
};

export const kToneSymbol = {
  better: 'triangle',
  worse: 'triangle', // on its head
  differs: 'diamond',
  unclear: 'circle',
  few: 'circle',
  baseline: 'square',
  reading: 'circle',
} as const satisfies Record<Tone, string>;

// Found and not clear is hollow.
export const toneFill = (tone: Tone): string =>
  tone === 'unclear' || tone === 'few' ? 'var(--sheet)' : kToneColour[tone];

export const kChartStyle = {
  fontFamily: 'var(--sans)',
  fontSize: '12px',
  overflow: 'visible',
  '--plot-background': 'var(--sheet)',
} as unknown as string;

// About how wide a text is at 12 px; full-width characters count twice.
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += character.codePointAt(0)! > 0x2e7f ? 12 : 6.6;
  return width;
}

export const widest = (texts: string[]): number => Math.max(0, ...texts.map(textWidth));

// Cut to a width, with the rest in the tip and the table.
export function clip(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(characters.join('')) > width - 8) characters.pop();
  return `${characters.join('').trimEnd()}…`;
}
