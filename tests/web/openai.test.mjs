// The official client library against the server's /v1, as any program would use it.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import OpenAI from 'openai';

const kUrl = (process.env.EMOSTAGE_URL ?? '').replace(/\/$/, '');
const kPatience = 120_000;
const kAsked = [{ role: 'user', content: 'I failed my driving test again today. Third time.' }];

const client = new OpenAI({
  baseURL: `${kUrl}/v1`,
  apiKey: process.env.EMOSTAGE_KEY || 'none',
  timeout: kPatience,
  maxRetries: 0,
});

let model;
before(async () => {
  assert.ok(kUrl, 'set EMOSTAGE_URL to the server under test, e.g. http://127.0.0.1:8080');
  model = (await client.models.list()).data[0]?.id;
  assert.ok(model, 'a model is listed');
});

describe('the openai library', { timeout: 5 * kPatience }, () => {
  it('lists models', async () => {
    const ids = [];
    for await (const each of client.models.list()) {
      assert.equal(each.object, 'model');
      ids.push(each.id);
    }
    assert.ok(ids.length > 0);
    assert.equal(new Set(ids).size, ids.length, 'no name twice');
  });

  it('gets a whole answer', async () => {
    const answer = await client.chat.completions.create({ model, messages: kAsked });
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.choices.length, 1);
    const [{ message, finish_reason: reason }] = answer.choices;
    assert.equal(message.role, 'assistant');
    assert.notEqual(message.content.trim(), '');
    assert.ok(['stop', 'length'].includes(reason), reason);
    checkUsage(answer.usage);
  });

  it('gets a streamed answer, with the usage at its end', async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: kAsked,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let reason = null;
    let usage = null;
    const ids = new Set();
    for await (const chunk of stream) {
      assert.equal(chunk.object, 'chat.completion.chunk');
      ids.add(chunk.id);
      text += chunk.choices[0]?.delta?.content ?? '';
      reason = chunk.choices[0]?.finish_reason ?? reason;
      if (chunk.usage) {
        assert.equal(chunk.choices.length, 0, 'the usage comes in a chunk of its own');
        usage = chunk.usage;
      }
    }
    assert.notEqual(text.trim(), '');
    assert.ok(['stop', 'length'].includes(reason), reason);
    assert.equal(ids.size, 1, 'one id for all chunks');
    checkUsage(usage);
  });

  it('may send content in parts, and a system message before it', async () => {
    const parts = [
      { type: 'text', text: 'I failed my driving test again today.' },
      { type: 'text', text: 'Third time.' },
    ];
    const messages = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: parts },
    ];
    const answer = await client.chat.completions.create({ model, messages });
    assert.notEqual(answer.choices[0].message.content.trim(), '');
  });

  it('is told when a model is unknown', async () => {
    await assert.rejects(
      client.chat.completions.create({ model: 'no-such-model', messages: kAsked }),
      (error) => {
        assert.ok(error instanceof OpenAI.NotFoundError, String(error));
        assert.equal(error.status, 404);
        assert.match(error.message, /no-such-model/);
        return true;
      },
    );
  });

  it('may leave a stream, and be answered again at once', async () => {
    const stream = await client.chat.completions.create({ model, messages: kAsked, stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk.id);
      stream.controller.abort();
      break;
    }
    assert.ok(stream.controller.signal.aborted);
    const answer = await client.chat.completions.create({ model, messages: kAsked });
    assert.notEqual(answer.choices[0].message.content.trim(), '');
  });
});

function checkUsage(usage) {
  assert.ok(usage, 'the usage is told');
  assert.ok(usage.prompt_tokens > 0);
  assert.ok(usage.completion_tokens > 0);
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
}
