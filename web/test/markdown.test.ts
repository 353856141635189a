import { readFile, readdir } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { parseInline, parseReply, type Inline } from '../src/markdown';

const text = (words: string): Inline => ({ kind: 'text', text: words });

describe("a reply's text", () => {
  it('is cut into paragraphs and lines', () => {
    expect(parseReply('one\ntwo\r\n\r\n\nthree')).toEqual([
      { kind: 'paragraph', parts: [text('one'), { kind: 'break' }, text('two')] },
      { kind: 'paragraph', parts: [text('three')] },
    ]);
  });

  it('may have lists, and numbered ones keep their first number', () => {
    expect(parseReply('try:\n- a\n* b\n\n3. c\n4) d')).toEqual([
      { kind: 'paragraph', parts: [text('try:')] },
      { kind: 'list', ordered: false, start: 1, items: [[text('a')], [text('b')]] },
      { kind: 'list', ordered: true, start: 3, items: [[text('c')], [text('d')]] },
    ]);
  });

  it('may stress words', () => {
    expect(parseInline('so **very *much*** _so_')).toEqual([
      text('so '),
      { kind: 'strong', parts: [text('very '), { kind: 'em', parts: [text('much')] }] },
      text(' '),
      { kind: 'em', parts: [text('so')] },
    ]);
  });

  it('takes an underscore for a mark only beside a word', () => {
    const so: Inline = { kind: 'em', parts: [text('so')] };
    expect(parseInline('_so_ it (_so_), *so*_so_')).toEqual([so, text(' it ('), so, text('), '), so, so]);
    expect(parseInline('“_so_”')).toEqual([text('“'), so, text('”')]);
    for (const plain of ['a_so_', '語_so_', '7_so_', '__so_', '_so_a', '_so__']) {
      expect(parseInline(plain)).toEqual([text(plain)]);
    }
  });

  it('is read without a look-behind, which older browsers do not know', async () => {
    const folder = new URL('../src/', import.meta.url);
    for (const name of await readdir(folder, { recursive: true })) {
      if (!/\.tsx?$/.test(name)) continue;
      expect(await readFile(new URL(name, folder), 'utf8'), name).not.toMatch(/\(\?<[=!]/);
    }
  });

  it('keeps marks that stress nothing', () => {
    for (const plain of ['2 * 3 * 4', 'snake_case_name', '** not **', 'a*', '**', '*']) {
      expect(parseInline(plain)).toEqual([text(plain)]);
    }
  });

  it('leaves markup, links and headings as the text they are', () => {
    for (const plain of ['<script>alert(1)</script>', '[a](javascript:b)', '# x', '<img onerror=x>']) {
      expect(parseReply(plain)).toEqual([{ kind: 'paragraph', parts: [text(plain)] }]);
    }
  });

  it('loses no letter while it is streamed', () => {
    const whole = 'You **said** it.\n\n- one\n- *two* and <b>';
    for (let end = 0; end <= whole.length; ++end) {
      const seen = JSON.stringify(parseReply(whole.slice(0, end)));
      for (const word of whole.slice(0, end).match(/[a-z]{2,}/gi) ?? []) expect(seen).toContain(word);
    }
  });

  it('may be made of marks that never end', () => {
    for (const nasty of ['*a '.repeat(2000), '_a'.repeat(3000), '**'.repeat(3000)]) {
      expect(JSON.stringify(parseReply(nasty)).length).toBeGreaterThan(1000);
    }
  });
});
