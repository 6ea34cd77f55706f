/* What proposals are made with: which model counts, its quality beside popularity, training by hand, and one customer; both languages. */
import assert from 'node:assert/strict';
import { after, before, test as nodeTest } from 'node:test';
import { call, logIn, openPage, openShop, say, shot, skip, visit } from './shop.mjs';

let shop;
let page;
let context;

const test = (name, run) => nodeTest(name, { skip }, run);

before(async () => {
  if (skip) return;
  shop = await openShop();
  ({ page, context } = await openPage(shop));
  await page.goto(shop.url);
  await logIn(shop, page);
});
after(async () => {
  await context?.close();
  await shop?.close();
});

test('training goes on in sight, can be stopped, and the models in use stay', async () => {
  await visit(shop, page, '/recommendations', 'en');
  await page.getByRole('button', { name: say('en', 'rec.train') }).click();
  await page.getByText(say('en', 'rec.training')).waitFor();
  assert.equal(await page.locator('progress').count(), 1);
  await page.getByRole('button', { name: say('en', 'rec.stop'), exact: true }).click();
  await page.locator('main').getByText(say('en', 'rec.stopped')).waitFor();
  assert.ok(await page.getByRole('button', { name: say('en', 'rec.train') }).isEnabled());
});

test('a customer: what is shown, and what each model alone would say, with reasons', async () => {
  const { items } = await call(page, 'GET', '/customers?sort=value&limit=1');
  for (const end = Date.now() + 120_000; !(await call(page, 'GET', '/recommendations')).versions.length;) assert.ok(Date.now() < end, 'no models');
  for (const language of ['en', 'es']) {
    await visit(shop, page, '/recommendations', language);
    await page.getByLabel(say(language, 'rec.person_label'), { exact: true }).fill(items[0].id);
    await page.keyboard.press('Enter');
    const shown = page.getByRole('region', { name: say(language, 'rec_kind.shown') });
    await shown.locator('li').first().waitFor();
    assert.equal(await shown.locator('li').count(), 5);
    assert.match(await shown.locator('li small').first().textContent(), /\S{3}/);
    await page.getByRole('region', { name: say(language, 'rec_kind.walk') }).locator('li').first().waitFor();
    await shot(page, `recommendations-${language}`);
  }
  await page.setViewportSize({ width: 320, height: 700 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth + 1), 'nothing hangs over at 320 px');
  await shot(page, 'recommendations-320');
});
