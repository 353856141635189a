// Server-sent events out of a response's body. EventSource cannot be used: it neither posts nor
// sends a key.

export interface SseEvent {
  event: string;
  data: string;
}

// Takes text in any pieces and gives whole events. Lines may end in LF, CR LF or CR; a line that
// begins with a colon is a ping and says nothing.
export class SseParser {
  private rest = '';
  private event = '';
  private data: string[] = [];

  push(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    this.rest += text;
    for (;;) {
      const end = this.rest.search(/[\r\n]/);
      if (end < 0) break;
      // A CR at the very end may be the first half of CR LF: wait for what follows.
      if (this.rest[end] === '\r' && end + 1 === this.rest.length) break;
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + (this.rest.startsWith('\r\n', end) ? 2 : 1));
      const event = this.line(line);
      if (event) events.push(event);
    }
    return events;
  }

  private line(line: string): SseEvent | null {
    if (line === '') {
      const event = { event: this.event || 'message', data: this.data.join('\n') };
      const some = this.data.length > 0;
      this.event = '';
      this.data = [];
      return some ? event : null;
    }
    if (line.startsWith(':')) return null;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.event = value;
    else if (field === 'data') this.data.push(value);
    return null;
  }
}

// The events of a body as they come. Ends where the body ends; throws what reading it throws.
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SseEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder(); // keeps half a character until its other half comes
  const parser = new SseParser();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Whoever stops listening closes the connection.
    reader.cancel().catch(() => {});
  }
}
