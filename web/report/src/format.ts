import type { Maybe } from './data';

// Numbers as a reader wants them. All pure; null in, a dash out.

export const kNothing = '–';
export const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

// How many digits behind the point tell apart what stands in one column: three that mean something.
export function decimalsFor(values: Maybe[]): number {
  const largest = Math.max(0, ...values.filter(isNumber).map(Math.abs));
  if (largest === 0) return 2;
  return Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(largest))));
}

export function number(value: Maybe, decimals = decimalsFor([value])): string {
  if (!isNumber(value)) return kNothing;
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

export function signed(value: Maybe, decimals = decimalsFor([value])): string {
  const text = number(value, decimals);
  return isNumber(value) && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

// "[0.12, 0.19]"; nothing where there is no interval.
export function interval(low: Maybe, high: Maybe, decimals = decimalsFor([low, high])): string {
  return isNumber(low) && isNumber(high) ? `[${number(low, decimals)}, ${number(high, decimals)}]` : '';
}

export function pValue(p: Maybe): string {
  if (!isNumber(p)) return kNothing;
  return p < 0.001 ? '< 0.001' : number(p, 3);
}

export const count = (value: Maybe): string => number(value, 0);
export const percent = (share: Maybe, decimals = 0): string =>
  isNumber(share) ? `${number(share * 100, decimals)} %` : kNothing;

export function duration(ms: Maybe): string {
  if (!isNumber(ms)) return kNothing;
  return ms < 1000 ? `${number(ms, ms < 10 ? 1 : 0)} ms` : `${number(ms / 1000, ms < 10_000 ? 2 : 1)} s`;
}

// Of a scale: no more digits than tell.
export const roughly = (ms: number): string =>
  ms < 1000 ? `${Number(ms.toFixed(1))} ms` : `${Number((ms / 1000).toFixed(2))} s`;

// "1 turn", "1,200 turns".
export const counted = (value: Maybe, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const kLanguages: Record<string, string> = {
  all: 'All languages',
  en: 'English',
  zh: 'Chinese',
  ja: 'Japanese',
};
export const languageName = (code: string): string => kLanguages[code] ?? code;

const kGroups: Record<string, string> = {
  overlap: 'Overlap with the recorded reply',
  text: 'The text itself',
  judge: 'Judges',
  safety: 'Safety',
  cost: 'Cost',
};
export const groupName = (id: string): string => kGroups[id] ?? id;

// "a", "a and b", "a, b and c".
export function enumerate(words: string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

export function moment(iso: string | undefined): string {
  const time = iso === undefined ? NaN : Date.parse(iso);
  if (Number.isNaN(time)) return iso ?? '';
  const date = new Date(time).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  const clock = new Date(time).toISOString().slice(11, 16);
  return `${date}, ${clock} UTC`;
}
