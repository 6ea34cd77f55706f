/* What customers like, as a marketer reads it: the shop's bars lead to audiences, the customer's page says why. */
import assert from 'node:assert/strict';
import { after, before, test as nodeTest } from 'node:test';
import { axeSource, call, logIn, openPage, openShop, say, shot, skip, visit } from './shop.mjs';

let shop;
let page;
let context;
let problems;

const test = (name, run) => nodeTest(name, { skip }, run);
const accessible = async () => {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => (await window.axe.run('main')).violations.map((v) => `${v.id}: ${v.nodes[0].html}`));
  assert.deepEqual(found, []);
};
const fits = async () => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');

before(async () => {
  if (skip) return;
  shop = await openShop();
  ({ page, context, problems } = await openPage(shop));
  await page.goto(shop.url);
  await logIn(shop, page);
});
after(async () => {
  await context?.close();
  await shop?.close();
});

test('each bar of the shop opens the audience of those who like it', async () => {
  const shown = await call(page, 'GET', '/affinities');
  const category = shown.attributes.find((a) => a.name === 'category');
  const [first] = category.values;
  assert.ok(first.customers > 0, 'the demo shop has favourites');
  for (const language of ['en', 'es'])
    for (const width of [320, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await visit(shop, page, '/affinities', language);
      await page.getByRole('heading', { name: category.label[language], exact: true }).waitFor();
      assert.equal(await page.locator('.likings-grid > section').count(), 6);
      await fits();
      await shot(page, `affinities-${language}-${width}`);
    }
  await accessible();
  await page.getByRole('link', { name: first.label.es, exact: true }).first().click();
  await page.waitForFunction((n) => document.querySelector('.audience-count b')?.textContent === new Intl.NumberFormat('es', { useGrouping: 'always' }).format(n), first.customers);
});

test('a customer\'s page says what they like, and why', async () => {
  const shown = await call(page, 'GET', '/affinities');
  const [first] = shown.attributes[0].values;
  const members = await call(page, 'POST', '/audiences/count', { condition: first.condition });
  assert.equal(members.customers, first.customers);
  const buyers = (await call(page, 'GET', '/customers?sort=orders&limit=20')).items;
  const [who] = buyers;
  const one = await call(page, 'GET', `/customers/${who.id}/affinities`);
  for (const language of ['en', 'es']) {
    await page.setViewportSize({ width: language === 'en' ? 1440 : 320, height: 900 });
    await visit(shop, page, `/people/${who.id}`, language);
    const sheet = page.locator('section[aria-labelledby=likes]');
    await sheet.getByText(say(language, 'affinities.title')).waitFor();
    for (const a of one.attributes.filter((x) => x.values.length)) await sheet.getByText(a.why[language]).waitFor();
    await fits();
    await sheet.screenshot(process.env.TENDERO_SHOTS ? { path: `${process.env.TENDERO_SHOTS}/likes-${language}.png` } : {});
  }
  assert.deepEqual(problems, []);
});
