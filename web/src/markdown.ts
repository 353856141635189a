// A reply's text as a small tree: paragraphs, line breaks, lists, emphasis. Everything else stays
// the plain text it is; the tree holds strings only, so nothing in it can become markup.

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'break' }
  | { kind: 'em' | 'strong'; parts: Inline[] };

export type Block =
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] };

const kBullet = /^\s{0,3}[-*•]\s+(.*)$/;
const kNumber = /^\s{0,3}(\d{1,3})[.)]\s+(.*)$/;

export function parseReply(text: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let list: { ordered: boolean; start: number; items: string[] } | null = null;

  const endParagraph = () => {
    if (lines.length) blocks.push({ kind: 'paragraph', parts: parseLines(lines) });
    lines = [];
  };
  const endList = () => {
    if (list) blocks.push({ ...list, kind: 'list', items: list.items.map(parseInline) });
    list = null;
  };

  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const bullet = kBullet.exec(line);
    const number = bullet ? null : kNumber.exec(line);
    if (bullet || number) {
      endParagraph();
      const ordered = number !== null;
      if (list && list.ordered !== ordered) endList();
      list ??= { ordered, start: Number(number?.[1] ?? 1), items: [] };
      list.items.push((bullet ? bullet[1] : number![2]) ?? '');
    } else if (line.trim() === '') {
      endParagraph();
      endList();
    } else {
      endList();
      lines.push(line);
    }
  }
  endParagraph();
  endList();
  return blocks;
}

function parseLines(lines: string[]): Inline[] {
  return lines.flatMap((line, i) =>
    i ? [{ kind: 'break' } as Inline, ...parseInline(line)] : parseInline(line),
  );
}

// **strong**, *em* and _em_, whose marks stand tight against their words; an underscore inside a
// word is an underscore. What stands before a _ is matched with it: Safari before 16.4 refuses a
// whole script for one look-behind.
const kEmphasis =
  /\*\*(?=\S)([^\n]*?\S)\*\*(?!\*)|\*(?=[^\s*])([^*\n]*?[^\s*])\*|(^|[^\p{L}\p{N}_])_(?=[^\s_])([^_\n]*?[^\s_])_(?![\p{L}\p{N}_])/u;

export function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  for (;;) {
    const found = kEmphasis.exec(rest);
    if (!found) break;
    const begin = found.index + (found[3] ?? '').length;
    if (begin > 0) parts.push({ kind: 'text', text: rest.slice(0, begin) });
    const strong = found[1];
    const inner = strong ?? found[2] ?? found[4] ?? '';
    parts.push({ kind: strong === undefined ? 'em' : 'strong', parts: parseInline(inner) });
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) parts.push({ kind: 'text', text: rest });
  return parts;
}
