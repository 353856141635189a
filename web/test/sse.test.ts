import { describe, expect, it } from 'vitest';

import { readEvents, SseParser } from '../src/sse';

const kStream =
  ': ping\n\nevent: token\ndata: {"text":"こんにちは 👋🏽"}\n\n' +
  'event: done\r\ndata: {"a":1,\r\ndata:"b":2}\r\n\r\n:\nid: 7\nevent: empty\n\n';
const kEvents = [
  { event: 'token', data: '{"text":"こんにちは 👋🏽"}' },
  { event: 'done', data: '{"a":1,\n"b":2}' },
];

function bodyOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes.length; i += size) controller.enqueue(bytes.slice(i, i + size));
      controller.close();
    },
  });
}

describe('server-sent events', () => {
  it('are the same however the bytes are cut, inside characters too', async () => {
    const bytes = new TextEncoder().encode(kStream);
    for (let size = 1; size <= bytes.length; ++size) {
      const events = [];
      for await (const event of readEvents(bodyOf(bytes, size))) events.push(event);
      expect(events, `pieces of ${size}`).toEqual(kEvents);
    }
  });

  it('pass over comments and events without data', () => {
    expect(new SseParser().push(': ping\n\nevent: x\n\n')).toEqual([]);
  });

  it('may be separated by lone carriage returns', () => {
    expect(new SseParser().push('data: a\r\rdata: b\r\r\n')).toEqual([
      { event: 'message', data: 'a' },
      { event: 'message', data: 'b' },
    ]);
  });

  it('that were not ended by an empty line never come', () => {
    expect(new SseParser().push('event: done\ndata: {}\n')).toEqual([]);
  });

  it('close the body when nobody listens any more', async () => {
    let closed = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('data: x\n\n')),
      cancel: () => void (closed = true),
    });
    for await (const event of readEvents(body)) {
      expect(event.data).toBe('x');
      break;
    }
    expect(closed).toBe(true);
  });
});
