// A Chromium at the server under test, and what the page's tests do with it again and again.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const kUrl = (process.env.EMOSTAGE_URL ?? '').replace(/\/$/, '');
const kHere = fileURLToPath(new URL('.', import.meta.url));
const kShots = process.env.EMOSTAGE_SHOTS ?? join(kHere, 'shots');
const kWords = join(kHere, '../../web/src/words');

// A model on a busy machine takes its time; nothing here depends on how long.
export const kPatience = Number(process.env.EMOSTAGE_PATIENCE ?? 120_000); // ms
export const kPhone = { width: 390, height: 844 };
export const kDesk = { width: 1440, height: 900 };

export const wordsOf = (language) => JSON.parse(readFileSync(join(kWords, `${language}.json`), 'utf8'));

// Playwright gives every browser a profile folder of its own and deletes it afterwards.
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

// A visitor of the server at `url` who was never here before. close() checks that nothing went wrong behind the scenes:
// no error on the console, no violated policy, no request to anybody else.
export async function visit(
  browser,
  { url = kUrl, viewport = kDesk, scheme = 'light', language = 'en', expected = [] } = {},
) {
  assert.ok(url, 'set EMOSTAGE_URL to the server under test, e.g. http://127.0.0.1:8080');
  const context = await browser.newContext({ viewport, colorScheme: scheme, locale: language, reducedMotion: 'reduce' });
  const faults = [];
  const page = await context.newPage();
  page.setDefaultTimeout(kPatience);
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    const local = protocol === 'blob:' || protocol === 'data:';
    if (!local && origin !== new URL(url).origin) faults.push(`request to ${origin}`);
  });
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !expected.some((each) => each.test(text))) faults.push(text);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.exposeFunction('noteViolation', (what) => faults.push(`policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      globalThis.noteViolation(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  if (process.env.EMOSTAGE_KEY) {
    await page.addInitScript((key) => sessionStorage.setItem('emostage-key', key), process.env.EMOSTAGE_KEY);
  }
  const close = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { page, close };
}

// Runs with a fresh visitor's page, and looks afterwards whether anything went wrong unseen.
export async function withPage(browser, options, action) {
  const { page, close } = await visit(browser, options);
  try {
    await action(page);
  } catch (error) {
    await shoot(page, 'failed').catch(() => {});
    await page.context().close();
    throw error;
  }
  await close();
}

export async function begin(page, place = '', url = kUrl) {
  await page.goto(`${url}/${place}`);
  await page.getByTestId('acknowledge').click();
  await page.getByTestId('box').waitFor();
}

export const messages = (page) => page.locator('.messages > .message:not([data-live])');
const replies = (page) => page.locator('.message-counsellor:not([data-live])');
export const liveReply = (page) => page.locator('.message[data-live]');
export const sessionId = (page) => page.evaluate(() => location.hash.split('/')[2] ?? '');

// Until the turn under way is over and `count` messages stand there. Fails at once where the page
// says that something went wrong.
export async function settled(page, count) {
  const state = await page.waitForFunction(
    (wanted) => {
      const trouble = document.querySelector('[data-testid=trouble]');
      if (trouble) return trouble.innerText;
      const still = !document.querySelector('.message[data-live], [data-testid=stop]');
      return still && document.querySelectorAll('.messages > .message').length === wanted && 'fine';
    },
    count,
    { timeout: kPatience },
  );
  assert.equal(await state.jsonValue(), 'fine');
}

// Says something and waits for the whole reply.
export async function say(page, text) {
  const before = await messages(page).count();
  await page.getByTestId('box').fill(text);
  await page.getByTestId('box').press('Enter');
  await settled(page, before + 2);
  const words = await replies(page).last().locator('.prose').innerText();
  assert.notEqual(words.trim(), '', 'a reply has words');
  return words;
}

export async function setTheme(page, theme) {
  await page.getByTestId('settings').click();
  await page.locator(`input[name=theme][value=${theme}]`).check();
  await page.keyboard.press('Escape');
}

export async function setLanguage(page, language) {
  await page.getByTestId('settings').click();
  await page.locator(`input[name=language][value=${language}]`).check();
  await page.keyboard.press('Escape');
}

export async function shoot(page, name) {
  mkdirSync(kShots, { recursive: true });
  await page.screenshot({ path: join(kShots, `${name}.png`) });
}

// Asks the server beside the page.
export async function ask(method, path, body) {
  const headers = { 'Content-Type': 'application/json' };
  if (process.env.EMOSTAGE_KEY) headers.Authorization = `Bearer ${process.env.EMOSTAGE_KEY}`;
  return fetch(kUrl + path, { method, headers, body: body && JSON.stringify(body) });
}
