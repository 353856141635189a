// What the page does where the server refuses or dies: in a real Chromium, with servers of the
// program at EMOSTAGE_BINARY that these tests start, refuse with and kill.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { begin, kPatience, launch, messages, say, sessionId, settled, withPage, wordsOf } from './browser.mjs';

const kBinary = process.env.EMOSTAGE_BINARY ?? 'emostage';
const kHello = 'I failed my driving test again today. Third time.';
const kMore = 'Please tell me at length what I could do before the next one.';
const words = wordsOf('en');

let browser;
let folder;
before(async () => {
  browser = await launch();
  folder = await mkdtemp(join(tmpdir(), 'emostage-trouble-'));
});
after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

// Runs `action` with a server that keeps its talks in `store`. What it was started as can be killed
// and started again, at the same address.
async function withServer(store, options, action) {
  const file = join(folder, store);
  let child = null;
  const server = { url: '', start, kill };
  async function start() {
    const port = server.url ? new URL(server.url).port : '0';
    const fixed = ['serve', '--port', port, '--model', 'smollm2-135m', '--store', file, '--method', 'direct'];
    child = spawn(kBinary, [...fixed, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout)) {
      server.url = /http:\/\/[^ ]*:\d+/.exec(line)?.[0] ?? '';
      break;
    }
    assert.ok(server.url, 'the server starts');
  }
  async function kill() {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await start();
  try {
    await action(server);
  } finally {
    await kill();
  }
}

describe('Trouble', { timeout: 5 * kPatience }, () => {
  it('tells that a key is wrong, and goes on with the right one', async () => {
    const add = ['keys', 'add', 'ann', '--role', 'client', '--store', join(folder, 'keys.db')];
    const key = (await promisify(execFile)(kBinary, add)).stdout.trim();
    await withServer('keys.db', ['--max-tokens', '8'], ({ url }) =>
      withPage(browser, { url, expected: [/401/] }, async (page) => {
        const enter = async (text) => {
          await page.getByLabel(words['key.label']).fill(text);
          await page.getByRole('button', { name: words['key.use'] }).click();
        };
        await page.goto(url);
        await page.getByText(words['key.title']).waitFor();
        assert.equal(await page.getByRole('alert').count(), 0, 'nothing is wrong yet');
        await enter('emo_nobody');
        await page.getByRole('alert').getByText(words['key.refused']).waitFor();
        await enter(key);
        await page.getByTestId('acknowledge').click();
        await say(page, kHello);
        await page.reload();
        await settled(page, 2);
      }),
    );
  });

  it('tells how long to wait after too many turns, and keeps the words', () =>
    withServer('rate.db', ['--max-tokens', '8', '--rate', '1'], ({ url }) =>
      withPage(browser, { url, expected: [/429/] }, async (page) => {
        await begin(page, '', url);
        await say(page, kHello);
        await page.getByTestId('box').fill(kMore);
        await page.getByTestId('box').press('Enter');
        const trouble = page.getByTestId('trouble');
        await trouble.waitFor();
        const told = words['failure.busyFor'].replace('{seconds}', '(\\d+)');
        const seconds = Number(new RegExp(told).exec(await trouble.innerText())?.[1]);
        assert.ok(seconds >= 1 && seconds <= 60, `${seconds} s`);
        assert.ok(await trouble.getByRole('button', { name: words.retry }).isVisible());
        assert.equal(await page.getByTestId('box').inputValue(), kMore);
        assert.equal(await messages(page).count(), 2);
      }),
    ));

  it('loses nothing when the server dies in the middle of a reply, and says it once when tried again', () =>
    withServer('dies.db', ['--max-tokens', '400'], (server) =>
      withPage(browser, { url: server.url, expected: [/ERR_/] }, async (page) => {
        await begin(page, '', server.url);
        const reply = await say(page, kHello);
        await page.getByTestId('box').fill(kMore);
        await page.getByTestId('box').press('Enter');
        await page.waitForFunction(() => document.querySelector('.message[data-live] .prose')?.textContent);
        await server.kill();
        const trouble = page.getByTestId('trouble');
        await trouble.getByText(words['failure.lost']).waitFor();
        assert.equal(await page.getByTestId('box').inputValue(), kMore, 'the words are back in the box');
        assert.equal(await messages(page).count(), 2, 'what was said before still stands there');
        await trouble.getByRole('button', { name: words.retry }).click();
        await trouble.getByText(words['failure.lost']).waitFor(); // nobody is there yet

        await server.start();
        await trouble.getByRole('button', { name: words.retry }).click();
        await settled(page, 4);
        assert.equal(await page.getByTestId('box').inputValue(), '');
        const kept = await (await fetch(`${server.url}/api/sessions/${await sessionId(page)}`)).json();
        assert.deepEqual(
          kept.messages.filter((each) => each.role === 'client').map((each) => each.text),
          [kHello, kMore],
        );
        assert.equal(kept.messages.length, 4);
        assert.equal(kept.messages[1].text.trim(), reply.trim());
      }),
    ));
});
