// The report of an evaluation, opened from a disk in a real Chromium without any network. The page is
// the template at EMOSTAGE_REPORT (npm run build:report in web/), the figures are web/mock's.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';

import { kReports, pageOf } from '../../web/mock/report.mjs';
import { kDesk, kPatience, kPhone, launch, shoot } from './browser.mjs';

let browser;
let folder;
before(async () => {
  assert.ok(process.env.EMOSTAGE_REPORT, 'set EMOSTAGE_REPORT to the built report.html');
  const template = readFileSync(process.env.EMOSTAGE_REPORT, 'utf8');
  folder = mkdtempSync(join(tmpdir(), 'emostage-report-'));
  for (const [name, make] of Object.entries(kReports)) {
    writeFileSync(join(folder, `${name}.html`), pageOf(template, make()));
  }
  writeFileSync(join(folder, 'empty.html'), template);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

// Opens a report, and looks afterwards whether anything went wrong unseen: an error on the console, a
// violated policy, a request for anything but the file itself.
async function withReport(name, { viewport = kDesk, scheme = 'light' }, action) {
  const context = await browser.newContext({
    viewport,
    colorScheme: scheme,
    reducedMotion: 'reduce',
    offline: true,
  });
  const faults = [];
  const page = await context.newPage();
  page.setDefaultTimeout(kPatience);
  const address = pathToFileURL(join(folder, `${name}.html`)).href;
  context.on('request', (request) => {
    if (request.url().split('#')[0] !== address) faults.push(`request for ${request.url()}`);
  });
  await context.route('**/*', (route) =>
    route.request().url().startsWith('file:') ? route.continue() : route.abort(),
  );
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.exposeFunction('noteViolation', (what) => faults.push(`policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      globalThis.noteViolation(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  try {
    await page.goto(address);
    await page.locator('main').waitFor();
    await action(page);
  } finally {
    await context.close();
  }
  assert.deepEqual(faults, []);
}

const drawn = (page) => page.locator('.chart svg[role=img]').first().waitFor();
const width = (page) => page.evaluate(() => document.documentElement.scrollWidth);

describe('The report', { timeout: 10 * kPatience }, () => {
  it('has all its sections, in order, and a chart with words and figures for each', () =>
    withReport('plain', {}, async (page) => {
      await drawn(page);
      assert.deepEqual(await page.locator('.section').evaluateAll((all) => all.map(({ id }) => id)), [
        'overview',
        'metrics',
        'comparisons',
        'labels',
        'strategies',
        'cost',
        'examples',
        'reading',
      ]);
      assert.equal(await page.title(), 'Six methods on the recorded scenarios · EmoStage');
      for (const said of ['emostage eval scenarios', '9b1d0f6c2f3a7d6f', 'qwen3-4b', '21 November 2026']) {
        assert.ok((await page.locator('.head').innerText()).includes(said), said);
      }
      const silent = await page
        .locator('.card .chart svg[role=img]')
        .evaluateAll(
          (all) => all.filter((each) => (each.getAttribute('aria-label') ?? '').length < 20).length,
        );
      assert.equal(silent, 0);
      const bare = await page
        .locator('.card:has(.chart)')
        .evaluateAll(
          (all) =>
            all.filter(
              (card) =>
                !card.querySelector('table') &&
                !card.closest('.section').querySelector(':scope > .figures table, .cost'),
            ).length,
        );
      assert.equal(bare, 0, 'a table for every chart');
    }));

  it('sorts methods by a metric: the best first, the worst first, as they were', () =>
    withReport('plain', {}, async (page) => {
      const names = () =>
        page
          .locator('.overview')
          .first()
          .locator('tbody th')
          .evaluateAll((all) => all.map((each) => each.firstChild.textContent));
      const asTheyWere = await names();
      const button = page.getByRole('button', { name: /^Repetition/ });
      await button.click();
      assert.equal((await names())[0], 'emostage');
      await button.press('Enter');
      assert.equal((await names())[0], 'one-call');
      assert.equal(await page.locator('th[aria-sort=descending]').count(), 1);
      await button.press('Space');
      assert.deepEqual(await names(), asTheyWere);
    }));

  it('sets in bold only what clearly beats the baseline', () =>
    withReport('plain', {}, async (page) => {
      const bold = await page
        .locator('.overview td.best .verdict, .overview td.best .mark')
        .evaluateAll((all) => all.map((each) => each.className));
      assert.ok(bold.length > 0);
      assert.ok(
        bold.every((each) => each.includes('better')),
        String(bold),
      );
      assert.equal(await page.locator('.overview td.best').count(), bold.length);
    }));

  it('answers to its choices by keyboard', () =>
    withReport('plain', {}, async (page) => {
      const all = await page.locator('.overview tbody').first().innerText();
      await page.locator('input[name=overview-language]').first().focus();
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction((was) => document.querySelector('.overview tbody').innerText !== was, all);
      const closer = page.locator('#labels .closer').first();
      await closer.getByText('single turn', { exact: true }).click();
      await closer.getByText(/^single turn\. Rows/).waitFor();
      await page.locator('.trace summary').first().click();
      assert.ok(await page.getByText('45 read · 946 reused · 69 written').first().isVisible());
    }));

  it('shows any text as text', () =>
    withReport('nasty', {}, async (page) => {
      await drawn(page);
      for (const details of await page.locator('details:not([open]) > summary').all()) {
        if (await details.isVisible()) await details.click();
      }
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.equal(await page.locator('main img, main script').count(), 0);
      assert.match(await page.locator('h1').innerText(), /^Nasty <\/script><script>/);
      assert.equal(await page.locator('.warning').count(), 5);
      assert.ok(await page.locator('.reasons').first().isVisible(), 'why there is no figure');
    }));

  it('compares two runs', () =>
    withReport('compare', {}, async (page) => {
      await drawn(page);
      assert.deepEqual(await page.locator('.section').evaluateAll((all) => all.map(({ id }) => id)), [
        'compare',
        'reading',
      ]);
      assert.ok(await page.getByText('The larger model').isVisible());
      assert.equal(await page.locator('#compare table tbody tr').count(), 96, 'every method of both runs');
      const card = page.locator('#compare .card', { has: page.getByRole('heading', { name: 'Fluency' }) });
      assert.match(await card.innerText(), /emostage: A .*one-call: A .*A is clearly better/s);
    }));

  it('says hardly anything of hardly anything', async () => {
    await withReport('small', {}, async (page) => {
      await page.getByText('no figure: one dialogue').first().waitFor({ state: 'attached' });
      assert.equal(await page.locator('.best').count(), 0);
    });
    await withReport('empty', {}, async (page) => {
      await page.getByText('There is no report in this file.').waitFor();
    });
  });

  const kSizes = { desk: kDesk, phone: kPhone };
  for (const name of Object.keys(kReports)) {
    for (const scheme of ['light', 'dark']) {
      // The plain one in all four ways; it takes axe a while.
      const sizes = name === 'plain' ? ['desk', 'phone'] : [scheme === 'light' ? 'desk' : 'phone'];
      it(`can be used by everybody: axe finds nothing serious in '${name}', ${scheme}, ${sizes.join(' and ')}`, () =>
        withReport(name, { scheme }, async (page) => {
          await page.evaluate(axe.source);
          for (const size of sizes) {
            const viewport = kSizes[size];
            await page.setViewportSize(viewport);
            await drawn(page);
            assert.ok((await width(page)) <= viewport.width, `no wider than the ${size}`);
            const { violations } = await page.evaluate(() =>
              globalThis.axe.run(document, {
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
              }),
            );
            const serious = violations
              .filter(({ impact }) => impact === 'serious' || impact === 'critical')
              .map(
                ({ id, nodes }) =>
                  `${id}: ${nodes
                    .slice(0, 4)
                    .map((node) => node.html.slice(0, 200))
                    .join('\n  ')}`,
              );
            assert.deepEqual(serious, [], `${scheme} ${size}`);
            await shoot(page, `report-${name}-${scheme}-${size}`);
          }
        }));
    }
  }

  it('prints with what was folded away by phase', () =>
    withReport('plain', {}, async (page) => {
      await drawn(page);
      await page.emulateMedia({ media: 'print' });
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      assert.equal(await page.locator('details[data-print]:not([open])').count(), 0);
      assert.ok(!(await page.locator('.contents').isVisible()));
      await page.evaluate(() => dispatchEvent(new Event('afterprint')));
      assert.equal(await page.locator('details[data-print][open]').count(), 0);
    }));
});
