import { describe, expect, it } from 'vitest';

import { isSendingEnter } from '../src/components/GrowingBox';
import { parseHash, toHash } from '../src/route';
import { fill, pickLanguage } from '../src/words';
import en from '../src/words/en.json';
import ja from '../src/words/ja.json';
import zh from '../src/words/zh.json';

const placeholders = (words: string) => (words.match(/\{\w+\}/g) ?? []).sort();

describe('the words', () => {
  for (const [name, words] of Object.entries({ zh, ja })) {
    it(`of ${name} are as many as the English ones, with the same places to fill`, () => {
      expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
      for (const [key, english] of Object.entries(en)) {
        const own = (words as Record<string, string>)[key] ?? '';
        expect(own.trim(), key).not.toBe('');
        expect(placeholders(own), key).toEqual(placeholders(english));
      }
    });
  }

  it('name no emergency number', () => {
    for (const words of [en, zh, ja]) {
      expect(words['disclosure.emergency'] + words['composer.note']).not.toMatch(/\d/);
    }
  });

  it('are filled in, and what is missing stays visible', () => {
    expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}');
  });

  it('come in the first language that the browser and we both know', () => {
    expect(pickLanguage(['fr-FR', 'ja-JP', 'en'])).toBe('ja');
    expect(pickLanguage(['zh-Hant-TW'])).toBe('zh');
    expect(pickLanguage(['fr'])).toBe('en');
  });
});

describe('the address', () => {
  it('leads back to the same place', () => {
    for (const to of [{ view: 'talk', id: null }, { view: 'watch', id: 'a b/ü' }] as const) {
      expect(parseHash(toHash(to))).toEqual(to);
    }
  });

  it('that says nothing we know is a new talk', () => {
    for (const hash of ['', '#', '#/else/1', '#/talk/%E0%A4%A']) {
      expect(parseHash(hash)).toEqual({ view: 'talk', id: null });
    }
  });
});

describe('Enter', () => {
  const press = { key: 'Enter', shiftKey: false, isComposing: false, keyCode: 13 };

  it('sends, but not with Shift, and never while an input method composes', () => {
    expect(isSendingEnter(press)).toBe(true);
    expect(isSendingEnter({ ...press, shiftKey: true })).toBe(false);
    expect(isSendingEnter({ ...press, isComposing: true })).toBe(false);
    expect(isSendingEnter({ ...press, keyCode: 229 })).toBe(false);
    expect(isSendingEnter({ ...press, key: 'a' })).toBe(false);
  });
});
