import { signal } from '@preact/signals';

import en from './words/en.json';
import ja from './words/ja.json';
import zh from './words/zh.json';
import type { Language } from './wire';

// The interface's words. English has every key; a test holds the other two to the same keys.

export type WordKey = keyof typeof en;

const kWords: Record<Language, Record<WordKey, string>> = { en, zh, ja };
export const kLanguages: { id: Language; name: string }[] = [
  { id: 'en', name: 'English' },
  { id: 'zh', name: '中文' },
  { id: 'ja', name: '日本語' },
];

const kSlot = 'emostage-language';

export function pickLanguage(wanted: readonly string[]): Language {
  for (const each of wanted) {
    const short = each.slice(0, 2).toLowerCase();
    if (short === 'en' || short === 'zh' || short === 'ja') return short;
  }
  return 'en';
}

function atStart(): Language {
  const kept = typeof localStorage === 'undefined' ? null : localStorage.getItem(kSlot);
  if (kept && kept in kWords) return kept as Language;
  return pickLanguage(typeof navigator === 'undefined' ? [] : navigator.languages);
}

export const language = signal<Language>(atStart());

export function setLanguage(id: Language): void {
  language.value = id;
  localStorage.setItem(kSlot, id);
}

// The words of a key in the interface's language, with {names} filled in.
export function t(key: WordKey, values: Record<string, string | number> = {}): string {
  return fill(kWords[language.value][key], values);
}

export function fill(words: string, values: Record<string, string | number>): string {
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

// The locale that dates and numbers are written in. Bare language names, so that the system's own
// region does not matter.
export const locale = (): string => ({ en: 'en', zh: 'zh-CN', ja: 'ja-JP' })[language.value];

export function percent(share: number): string {
  return new Intl.NumberFormat(locale(), { style: 'percent' }).format(share);
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

export function duration(ms: number): string {
  if (ms < 1000) return `${number(Math.round(ms))} ms`;
  const seconds = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(ms / 1000);
  return `${seconds} s`;
}

export function when(unixMs: number, nowMs = Date.now()): string {
  const date = new Date(unixMs);
  const sameDay = date.toDateString() === new Date(nowMs).toDateString();
  const format: Intl.DateTimeFormatOptions = sameDay
    ? { hour: '2-digit', minute: '2-digit' }
    : { month: 'short', day: 'numeric' };
  return new Intl.DateTimeFormat(locale(), format).format(date);
}
