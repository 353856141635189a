// The page as a person uses it, in a real Chromium against the server at EMOSTAGE_URL. What the
// replies say is the model's affair; nothing here depends on it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import axe from 'axe-core';

import {
  ask,
  begin,
  kDesk,
  kPatience,
  kPhone,
  kUrl,
  launch,
  liveReply,
  messages,
  say,
  sessionId,
  setLanguage,
  setTheme,
  settled,
  shoot,
  withPage as withPageOf,
  wordsOf,
} from './browser.mjs';

const kHello = 'I failed my driving test again today. Third time.';
const kMore = 'Tired, mostly. I had told everyone at work the date.';
const kMarkup = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2"> & "so"';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const withPage = (options, action) => withPageOf(browser, options, action);

describe('Talk', { timeout: 10 * kPatience }, () => {
  it('first says that it is a program, once, and again on request', () =>
    withPage({}, async (page) => {
      const words = wordsOf('en');
      await page.goto(kUrl);
      const dialog = page.getByRole('dialog', { name: words['disclosure.title'] });
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      assert.ok(await dialog.isVisible(), 'Esc is no acknowledgement');
      for (const key of ['disclosure.program', 'disclosure.kept', 'disclosure.emergency']) {
        assert.ok(await dialog.getByText(words[key]).isVisible(), key);
      }
      await page.getByTestId('acknowledge').click();
      await page.reload();
      await page.getByTestId('box').waitFor();
      assert.equal(await dialog.count(), 0);
      await page.getByTestId('about').click();
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }));

  it('streams a reply, announces it when it is whole, and finds it again after a reload', () =>
    withPage({}, async (page) => {
      await begin(page);
      await page.evaluate(() => {
        window.lengths = [];
        new MutationObserver(() => {
          const length = document.querySelector('[data-live] .prose')?.textContent.length ?? 0;
          if (length > (window.lengths.at(-1) ?? 0)) window.lengths.push(length);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      const reply = await say(page, kHello);
      assert.ok((await page.evaluate(() => window.lengths)).length >= 2, 'the reply grew');
      const spoken = await page.getByTestId('announcement').innerText();
      assert.ok(spoken.length > wordsOf('en')['talk.counsellor'].length + 2, spoken);

      const place = page.url();
      await page.reload();
      await settled(page, 2);
      assert.equal(page.url(), place);
      assert.equal(await messages(page).first().locator('.bubble').innerText(), kHello);
      assert.equal(await messages(page).last().locator('.prose').innerText(), reply);
    }));

  it('answers an edited message anew, and gives another reply', () =>
    withPage({}, async (page) => {
      await begin(page);
      await say(page, kHello);
      await say(page, kMore);
      await messages(page).first().getByTestId('edit').click();
      const box = page.locator('.edit textarea');
      assert.equal(await box.inputValue(), kHello);
      await box.fill('I passed!');
      await box.press('Enter');
      await settled(page, 2);
      assert.equal(await messages(page).first().locator('.bubble').innerText(), 'I passed!');

      const asked = page.waitForResponse((each) => each.url().endsWith('/turns'));
      await page.getByTestId('regenerate').click();
      assert.equal((await asked).status(), 200);
      await liveReply(page).waitFor({ state: 'detached' });
      await settled(page, 2);
      const kept = await (await ask('GET', `/api/sessions/${await sessionId(page)}`)).json();
      assert.deepEqual(kept.messages.map((each) => each.role), ['client', 'counsellor']);
      assert.equal(kept.messages[0].text, 'I passed!');
    }));

  it('stops a reply and keeps what there is of it', () =>
    withPage({}, async (page) => {
      await begin(page);
      await page.getByTestId('box').fill(kHello);
      await page.getByTestId('box').press('Enter');
      const answered = page.waitForResponse((each) => each.url().endsWith('/stop'));
      await page.getByTestId('stop').click();
      const { stopped } = await (await answered).json();
      // Stopped before its first word there is nothing to keep: the words are back in the box.
      const box = page.getByTestId('box');
      await page.waitForFunction(
        ([hello]) =>
          document.querySelector('[data-testid="box"]').value === hello ||
          document.querySelectorAll('[data-testid="regenerate"], .stopped').length > 0,
        [kHello],
      );
      if ((await box.inputValue()) === kHello) return;
      await settled(page, 2);
      if (stopped) await page.locator('.stopped').waitFor();
      assert.equal(await messages(page).first().locator('.bubble').innerText(), kHello);
    }));

  it('renames, searches, exports and deletes a talk', () =>
    withPage({ expected: [/404/] }, async (page) => {
      const words = wordsOf('en');
      const word = `kestrel${Date.now()}`;
      await begin(page);
      await say(page, `${kHello} ${word}`);
      const id = await sessionId(page);
      const item = page.locator(`[data-session="${id}"]`);
      await item.locator('button[aria-expanded]').click();
      await item.getByRole('button', { name: words['sessions.rename'] }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(words['rename.label']).fill('About driving');
      await dialog.getByRole('button', { name: words.save }).click();
      await item.getByText('About driving').waitFor();

      await page.getByTestId('search').fill(word);
      await page.waitForFunction(() => document.querySelectorAll('.session').length === 1);
      await page.getByTestId('search').fill('no talk has these words');
      await page.getByText(words['sessions.nothingFound']).waitFor();
      await page.getByTestId('search').fill('');
      await item.waitFor();

      if (!(await item.locator('.session-actions').count())) {
        await item.locator('button[aria-expanded]').click();
      }
      const saved = page.waitForEvent('download');
      await item.getByRole('button', { name: words['sessions.export'] }).click();
      const file = JSON.parse(await readFile(await (await saved).path(), 'utf8'));
      assert.equal(file.dialogue.length, 2);

      if (!(await item.locator('.session-actions').count())) {
        await item.locator('button[aria-expanded]').click();
      }
      await item.getByRole('button', { name: words['sessions.delete'] }).click();
      await page.getByTestId('confirm-delete').click();
      await item.waitFor({ state: 'detached' });
      assert.equal(await messages(page).count(), 0);
      assert.equal((await ask('GET', `/api/sessions/${id}`)).status, 404);
      await page.goto(`${kUrl}/#/talk/${id}`);
      await page.getByText(words['failure.missing']).waitFor();
    }));

  it('speaks three languages, the browser’s first, and keeps the one that was chosen', () =>
    withPage({ language: 'ja-JP' }, async (page) => {
      await begin(page);
      assert.equal(await page.locator('html').getAttribute('lang'), 'ja');
      for (const [language, lang] of [['zh', 'zh-Hans'], ['en', 'en'], ['ja', 'ja']]) {
        await setLanguage(page, language);
        const words = wordsOf(language);
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        await page.getByRole('textbox', { name: words['composer.label'], exact: true }).waitFor();
        await page.getByText(words['welcome.title']).waitFor();
      }
      await page.reload();
      await page.getByText(wordsOf('ja')['welcome.title']).waitFor();
    }));

  it('shows markup in what is said as text', () =>
    withPage({}, async (page) => {
      await begin(page);
      await say(page, kMarkup);
      assert.equal(await messages(page).first().locator('.bubble').innerText(), kMarkup);
      // And in a reply, which no server can be made to give.
      const answer = { index: 1, role: 'counsellor', text: `**Well**, ${kMarkup}`, at_ms: 0 };
      await page.route('**/api/sessions/crafted', (route) =>
        route.fulfill({
          json: {
            ...{ id: 'crafted', title: kMarkup, owner: '', method: 'direct', scheme: '', model: '' },
            ...{ language: 'auto', seed: 0, created_ms: 0, updated_ms: 0 },
            messages: [{ index: 0, role: 'client', text: kMarkup, at_ms: 0 }, answer],
          },
        }),
      );
      await page.goto(`${kUrl}/#/talk/crafted`);
      await page.locator('.prose strong').getByText('Well').waitFor();
      assert.equal(await page.locator('.prose').innerText(), `Well, ${kMarkup}`);
      assert.equal(await page.locator('.transcript script, .transcript img').count(), 0);
      assert.equal(await page.evaluate(() => window.hacked), undefined);
    }));

  it('gives the words back when the connection is lost, and says them once when tried again', () =>
    withPage({ expected: [/ERR_/] }, async (page) => {
      await begin(page);
      await say(page, kHello);
      await page.route('**/turns', (route) => route.abort('connectionreset'));
      await page.getByTestId('box').fill(kMore);
      await page.getByTestId('box').press('Enter');
      await page.getByTestId('trouble').waitFor();
      assert.equal(await page.getByTestId('box').inputValue(), kMore);
      await page.reload();
      await settled(page, 2);
      assert.equal(await page.getByTestId('box').inputValue(), kMore, 'a reload keeps them too');
      await page.getByTestId('send').click();
      await page.getByTestId('trouble').waitFor();
      await page.unroute('**/turns');
      await page.getByTestId('trouble').getByRole('button').click();
      await settled(page, 4);
      assert.equal(await page.getByTestId('box').inputValue(), '');
      assert.equal(await page.getByTestId('trouble').count(), 0);
    }));

  it('does not send the Enter that ends a composition', () =>
    withPage({}, async (page) => {
      await begin(page);
      const box = page.getByTestId('box');
      await box.focus();
      const input = await page.context().newCDPSession(page);
      await input.send('Input.imeSetComposition', { text: 'つかれた', selectionStart: 4, selectionEnd: 4 });
      await box.press('Enter');
      assert.equal(await messages(page).count(), 0);
      assert.match(await box.inputValue(), /^つかれた/);
      assert.equal(await liveReply(page).count(), 0);
    }));

  it('begins a new line with Shift+Enter, and sends with Enter', () =>
    withPage({}, async (page) => {
      await begin(page);
      const box = page.getByTestId('box');
      await box.fill('one');
      await box.press('Shift+Enter');
      await page.keyboard.type('two');
      assert.equal(await box.inputValue(), 'one\ntwo');
      assert.equal(await messages(page).count(), 0);
      await box.fill('疲れました。');
      await box.press('Enter');
      await settled(page, 2);
    }));

  it('can be used with the keyboard alone', () =>
    withPage({}, async (page) => {
      await page.goto(kUrl);
      const tabTo = async (selector, key = 'Tab') => {
        for (let i = 0; i < 40; ++i) {
          if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
          await page.keyboard.press(key);
        }
        assert.fail(`${key} never came to ${selector}`);
      };
      await page.getByTestId('acknowledge').waitFor();
      await tabTo('[data-testid=acknowledge]');
      await page.keyboard.press('Enter');
      await tabTo('.skip');
      await page.keyboard.press('Enter');
      await tabTo('[data-testid=box]');
      await page.keyboard.type(kHello);
      await page.keyboard.press('Enter');
      await settled(page, 2);
      assert.ok(await page.evaluate(() => document.activeElement.matches('[data-testid=box]')), 'the focus stays');
      await tabTo('[data-testid=edit]', 'Shift+Tab');
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(outline, 'none', 'the focus is seen');
      await page.keyboard.press('Enter');
      await tabTo('.edit textarea');
      await page.keyboard.press('Escape');
      await page.locator('.edit').waitFor({ state: 'detached' });
    }));

  it('keeps earlier talks in a drawer on the phone, where nothing is wider than the screen', () =>
    withPage({ viewport: { width: 360, height: 740 } }, async (page) => {
      await begin(page);
      await say(page, kHello);
      const id = await sessionId(page);
      await page.getByTestId('drawer').click();
      await page.getByTestId('new-talk').click();
      await page.getByText(wordsOf('en')['welcome.title']).waitFor();
      await page.getByTestId('drawer').click();
      await page.locator(`[data-session="${id}"] a`).click();
      await settled(page, 2);
      for (const view of ['talk', 'watch']) {
        await page.getByTestId(`view-${view}`).click();
        await page.locator(`.${view}`).waitFor();
        const wide = await page.evaluate(() =>
          [...document.querySelectorAll('html, .transcript, .watch, .panel')]
            .filter((each) => each.scrollWidth > each.clientWidth + 1)
            .map((each) => each.className),
        );
        assert.deepEqual(wide, [], view);
        const tall = await page.evaluate(() => document.documentElement.scrollHeight > innerHeight);
        assert.equal(tall, false, `${view}: the frame itself does not scroll`);
      }
    }));
});

describe('Watch', { timeout: 10 * kPatience }, () => {
  it('shows the steps as they happen, and one more point of the phase band with each turn', () =>
    withPage({}, async (page) => {
      await begin(page, '#/watch');
      await page.evaluate(() => {
        window.liveSteps = 0;
        new MutationObserver(() => {
          const seen = document.querySelectorAll('[data-testid=steps][data-live] [data-step]').length;
          window.liveSteps = Math.max(window.liveSteps, seen);
        }).observe(document.body, { subtree: true, childList: true });
      });
      for (const [i, text] of [kHello, kMore].entries()) {
        await say(page, text);
        await page.waitForFunction(
          (wanted) => document.querySelectorAll('[data-testid=band] [data-point]').length === wanted,
          i + 1,
        );
      }
      assert.ok((await page.evaluate(() => window.liveSteps)) > 0, 'steps were seen while they ran');
      assert.match(page.url(), /#\/watch\/.+/);
      await page.reload();
      await page.locator('[data-point="2"]').waitFor();
      await page.locator('[data-point="1"]').click();
      const title = wordsOf('en')['steps.title'].replace('{turn}', '1');
      await page.getByRole('heading', { name: title }).waitFor();
      assert.ok((await page.locator('[data-testid=steps] [data-step=reply]').count()) > 0);
      assert.equal(await page.locator('[data-testid=band] tbody tr').count(), 2, 'the table for screen readers');
      assert.ok((await page.locator('.feeling').count()) === 2);
    }));

  it('changes the method, which holds from the next turn on', () =>
    withPage({}, async (page) => {
      await begin(page, '#/watch');
      await say(page, kHello);
      await page.locator('.setup summary').click();
      const changed = page.waitForResponse((each) => each.request().method() === 'PATCH');
      await page.getByTestId('method').selectOption('direct');
      assert.equal((await changed).status(), 200);
      await say(page, kMore);
      const kept = await (await ask('GET', `/api/sessions/${await sessionId(page)}`)).json();
      const methods = kept.messages.filter((each) => each.answer).map((each) => each.answer.method);
      assert.match(methods[0], /^emostage/);
      assert.equal(methods[1], 'direct');
    }));

  it('compares two methods on one turn and keeps nothing of it', () =>
    withPage({}, async (page) => {
      await begin(page, '#/watch');
      await say(page, kHello);
      await page.getByTestId('compare-start').click();
      await page.waitForFunction(
        () => document.querySelectorAll('[data-testid=lane-result][data-done]').length === 2,
        null,
        { timeout: kPatience },
      );
      for (const lane of await page.getByTestId('lane-result').all()) {
        assert.notEqual((await lane.locator('.prose').innerText()).trim(), '');
      }
      const kept = await (await ask('GET', `/api/sessions/${await sessionId(page)}`)).json();
      assert.equal(kept.messages.length, 2);
    }));

  it('looks on at a talk that goes on elsewhere', () =>
    withPage({}, async (page) => {
      await begin(page);
      await say(page, kHello);
      const id = await sessionId(page);
      await withPage({}, async (other) => {
        await begin(other, `#/watch/${id}`);
        await settled(other, 2);
        await other.locator('.live').waitFor();
        const seen = other.locator('[data-testid=steps][data-live]').waitFor();
        await say(page, kMore);
        await seen;
        await settled(other, 4);
        assert.equal(await messages(other).nth(2).locator('.bubble').innerText(), kMore);
        await other.locator('[data-point="2"]').waitFor();
      });
    }));
});

describe('Everybody', { timeout: 10 * kPatience }, () => {
  for (const view of ['talk', 'watch']) {
    it(`can use ${view}: axe finds nothing serious, light or dark, desk or phone`, () =>
      withPage({}, async (page) => {
        await begin(page, `#/${view}`);
        await say(page, kHello);
        await page.evaluate(axe.source);
        for (const theme of ['light', 'dark']) {
          await setTheme(page, theme);
          for (const size of [kDesk, kPhone]) {
            await page.setViewportSize(size);
            await page.locator(`.${view}`).waitFor();
            const { violations } = await page.evaluate(() =>
              globalThis.axe.run(document, {
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
              }),
            );
            const serious = violations
              .filter(({ impact }) => impact === 'serious' || impact === 'critical')
              .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n  ')}`);
            assert.deepEqual(serious, [], `${theme} ${size.width}`);
          }
        }
      }));
  }

  const kSaid = {
    en: [kHello, kMore, 'My mum’s message, I think. I promised her I would drive over by winter.'],
    zh: ['你好，我也不知道从哪儿说起。', '今天是我休完产假上班的第三天。', '我在想我是不是太狠心了。'],
    ja: ['少し聞いてもらってもいいですか。', 'この春に部署を異動しました。昼休みがつらいんです。', '私だけ入れなくて。'],
  };
  for (const [language, said] of Object.entries(kSaid)) {
    it(`gets a picture of it in ${language}`, () =>
      withPage({ language }, async (page) => {
        await page.goto(kUrl);
        await page.getByTestId('acknowledge').waitFor();
        await page.setViewportSize(kPhone);
        await shoot(page, `disclosure-${language}-phone`);
        await begin(page);
        await shoot(page, `welcome-${language}-phone`);
        for (const text of said) await say(page, text);
        for (const view of ['talk', 'watch']) {
          await page.getByTestId(`view-${view}`).click();
          for (const theme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme: theme });
            for (const [name, size] of Object.entries({ phone: kPhone, desk: kDesk })) {
              await page.setViewportSize(size);
              await page.locator(`.${view}`).waitFor();
              await shoot(page, `${view}-${language}-${theme}-${name}`);
            }
          }
        }
      }));
  }
});
