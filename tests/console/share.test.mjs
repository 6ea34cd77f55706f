/* The share of customer in the console: what there is by category, who is within reach, one customer; unknown is said. */
import assert from 'node:assert/strict';
import { after, before, test as nodeTest } from 'node:test';
import { call, logIn, openPage, openShop, say, shot, skip, visit } from './shop.mjs';

let shop;
let page;
let context;

const test = (name, run) => nodeTest(name, { skip }, run);
const report = async () => (await call(page, 'GET', '/share')).report;

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

test('worked out on request: each category with its bounds, and how many are not known', async () => {
  await visit(shop, page, '/share', 'en');
  await page.getByRole('button', { name: say('en', 'share.fit') }).click();
  await page.locator('#share-categories').waitFor();
  await page.locator('#share-people').waitFor();
  const { categories } = await report();
  const rows = page.getByRole('group', { name: say('en', 'share.by_category') }).locator('tbody tr');
  assert.equal(await rows.count(), categories.length);
  assert.match(await rows.first().textContent(), new RegExp(say('en', 'share.everything')));
  await shot(page, 'share');
});

test('who is within reach opens to people, whose page says what is known and what is not', async () => {
  const { categories } = await report();
  const known = categories.find((c) => c.category && c.known > 0);
  assert.ok(known, 'the demo shop has a category with known shares');
  await visit(shop, page, `/share?of=${encodeURIComponent(known.category)}`, 'en');
  const list = page.getByRole('group', { name: say('en', 'share.people') });
  await list.locator('a.row-link').first().click();
  await page.locator('section[aria-labelledby="share"] .share-one').first().waitFor();
  const said = await page.locator('section[aria-labelledby="share"]').textContent();
  assert.match(said, new RegExp(say('en', 'share.title')));
  assert.match(said, /within reach/);
  await shot(page, 'share-customer');

  const { id } = await call(page, 'POST', '/customers', { kind: 'person', identifiers: [{ kind: 'user_id', value: 'nobody-yet' }] });
  await visit(shop, page, `/people/${id}`, 'es');
  const none = page.locator('section[aria-labelledby="share"]');
  await none.getByText(say('es', 'share.unknown'), { exact: true }).waitFor();
  assert.match(await none.textContent(), /no ha comprado nada/);
});

for (const [lang, width] of [['en', 1440], ['es', 320]])
  test(`nothing runs over at ${width}`, async () => {
    await page.setViewportSize({ width, height: 900 });
    await visit(shop, page, '/share', lang);
    await page.locator('#share-people').waitFor();
    await page.locator('section[aria-labelledby="share-people"] tbody tr').first().waitFor();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${over} pixels too wide`);
    await shot(page, `share-${lang}-${width}`);
  });
