import { parseReply, type Inline } from '../markdown';

// A reply, drawn from its tree. Text only ever becomes text nodes.
export function Prose({ text }: { text: string }) {
  return (
    <div class="prose">
      {parseReply(text).map((block) => {
        if (block.kind === 'paragraph') return <p>{inlines(block.parts)}</p>;
        const items = block.items.map((item) => <li>{inlines(item)}</li>);
        return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
      })}
    </div>
  );
}

function inlines(parts: Inline[]) {
  return parts.map((part) => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'break') return <br />;
    return part.kind === 'em' ? <em>{inlines(part.parts)}</em> : <strong>{inlines(part.parts)}</strong>;
  });
}
