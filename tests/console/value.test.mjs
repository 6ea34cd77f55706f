/* Lifetime value as somebody sees it who owns a shop: from nothing, by a first guess, to a fit that was proved. */
import assert from 'node:assert/strict';
import { after, before, test as nodeTest } from 'node:test';
import { orders } from '../e2e/insight.mjs';
import { axeSource, call, logIn, nothing, openPage, openShop, say, settled, shot, skip, visit } from './shop.mjs';

let shop;
let page;
let context;
let problems;
let write;

const test = (name, run) => nodeTest(name, { skip }, run);
const FRESH = 170;  // days of the history that a first guess does without
const early = (e) => Date.now() - Date.parse(e.timestamp) > FRESH * 86_400_000;
const said = (key, holes = {}, language = 'en') => {
  const entry = say(language, key);
  const form = typeof entry === 'string' ? entry : entry[new Intl.PluralRules(language).select(Number(holes.n))];
  return form.replace(/\{(\w+)\}/g, (whole, name) => (name in holes ? String(holes[name]) : whole));
};
const heading = (key) => page.getByRole('heading', { name: say('en', key), exact: true });
const section = (key) => page.locator('section', { has: heading(key) });
const value = async () => (await call(page, 'GET', '/value')).report;

async function send(events) {
  for (let i = 0; i < events.length; i += 500) {
    const answer = await fetch(`${shop.url}/v1/batch`, {
      method: 'POST', headers: { authorization: `Basic ${btoa(`${write}:`)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ batch: events.slice(i, i + 500) }),
    });
    assert.equal(answer.status, 200);
  }
}

/* Presses the button and waits for the fit that comes of it. */
async function fit() {
  const last = (await call(page, 'GET', '/value')).id ?? 0;
  await page.getByRole('button', { name: say('en', 'value.fit') }).click();
  for (;;) {
    const { id } = await call(page, 'GET', '/value');
    if (id > last) return;
    await page.waitForTimeout(50);
  }
}

before(async () => {
  if (skip) return;
  shop = await openShop(nothing);
  ({ page, context, problems } = await openPage(shop));
  await logIn(shop, page);
  write = (await call(page, 'POST', '/keys', { scope: 'write', name: 'till' })).key;
});
after(async () => {
  await context?.close();
  await shop?.close();
});

test('no orders: it says so, and why a fit fails, in both languages', async () => {
  await visit(shop, page, '/value', 'en');
  await page.getByText(say('en', 'value.no_orders'), { exact: true }).waitFor();
  await page.getByRole('button', { name: say('en', 'value.fit') }).click();
  await page.getByText('there are no orders yet: import some first').waitFor();
  await shot(page, 'value-empty');
  await visit(shop, page, '/value', 'es');
  await page.getByText('todavía no hay pedidos: importe antes algunos').waitFor();
  await visit(shop, page, '/models', 'en');
  await page.getByText(say('en', 'models.none'), { exact: true }).waitFor();
});

test('a short history: figures, but no proof', async () => {
  const events = orders(400);
  await send(events.filter((e) => !early(e) && Number(e.userId.slice(1)) < 40 && Date.now() - Date.parse(e.timestamp) < 70 * 86_400_000));
  await visit(shop, page, '/value', 'en');
  await fit();
  await heading('value.map').waitFor();
  await page.getByText(said('value.unproved', { model: say('en', `value_name.${(await call(page, 'GET', '/value')).report.model}`) })).waitFor();
  assert.equal(await heading('value.proof').count(), 0);
  await shot(page, 'value-unproved');
});

test('a long one: which model counts and why, the best of each column, and what changed since', async () => {
  await send(orders(400));
  await visit(shop, page, '/value', 'en');
  await fit();
  await heading('value.proof').waitFor();
  const r = await value();
  assert.equal(await section('value.proof').locator('tbody tr').count(), r.proof.rows.length);
  const least = Math.min(...r.proof.rows.flatMap((row) => (row.rmse === null ? [] : [row.rmse])));
  const starred = section('value.proof').locator('td[data-label="RMSE"] .best').first();
  assert.equal((await starred.textContent()).replace(/[^\d.]/g, ''), String(Number(least.toPrecision(4))));
  await page.getByText(`of the models it foretold the last ${r.proof.days} days best`).waitFor();
  await section('value.proof').getByText(say('en', 'value.measures')).click();
  await section('value.proof').getByText(say('en', 'value_help.within')).waitFor();

  const parts = await section('value.changes').locator('.parts .number').allTextContents();
  const amounts = parts.map((p) => Number(p.replace('\u2212', '-').replace(/[^\d.-]/g, '')));
  assert.ok(Math.abs(amounts.slice(0, -1).reduce((a, b) => a + b) - amounts.at(-1)) < 0.05, `${parts}`);
  assert.ok(amounts.at(-1) > 0 && amounts[0] > 0);
  const once = section('value.once'), newCustomers = r.proof.newCustomers;
  assert.ok(newCustomers.customers > 0);
  assert.deepEqual(await once.locator('tbody tr').allInnerTexts().then((rows) => rows.map((r) => r.split(/\s/)[0])),
    newCustomers.covariates.map((c) => say('en', `value_new.${c.name}`)));
  assert.equal(await once.getByText(say('en', 'value.counts'), { exact: true }).count(), newCustomers.covariates.filter((c) => c.used).length);
  await shot(page, 'value');
});

test('by keyboard: the chart as a table, the map in another measure, and from a cell to its people', async () => {
  const track = section('value.track');
  await track.getByRole('button', { name: say('en', 'value_track.week') }).focus();
  await page.keyboard.press('Enter');
  await track.locator('summary').focus();
  await page.keyboard.press('Enter');
  const r = await value();
  assert.equal(await track.locator('tbody tr').count(), r.weeks.length);

  const map = section('value.map');
  await map.getByRole('button', { name: say('en', 'value_map.customers'), exact: true }).focus();
  await page.keyboard.press('Space');
  const cell = r.map.filter((c) => c.repeats > 0 && c.quietWeeks < 28).sort((a, b) => b.customers - a.customers)[0];
  const link = map.locator('tbody a').filter({ hasText: said('value.times', { n: cell.repeats + 1 }) })
    .filter({ hasText: said('value.weeks', { from: cell.quietWeeks, to: cell.quietWeeks + 4 }) });
  assert.match(await link.textContent(), new RegExp(`^${cell.customers},`));
  await link.focus();
  await page.keyboard.press('Enter');
  await page.locator('.audience-count b', { hasText: new RegExp(`^${cell.customers}$`) }).waitFor();
  assert.equal(await page.locator('.cond-row').count(), 2);
});

test('while it is fitted: how far it is, and the way out', async () => {
  // the real job ends before one could look: the page is told of it as it was on its way
  const as = (state) => async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, status: 200, json: { ...await answer.json(), state, bytesDone: 6, bytesTotal: 8 } });
  };
  const one = /\/api\/v1\/imports\/\w+$/;
  await visit(shop, page, '/value', 'en');
  await page.route('**/api/v1/value/fits', as('running'));
  await page.route(one, as('running'));
  await page.getByRole('button', { name: say('en', 'value.fit') }).click();
  const progress = page.getByRole('progressbar', { name: say('en', 'value.fitting') });
  await progress.waitFor();
  assert.equal(await progress.evaluate((p) => p.value / p.max), 0.75);
  await shot(page, 'value-fitting');
  const [job] = (await call(page, 'GET', '/imports')).items;
  await page.route('**/cancel', (route) => route.fulfill({ json: { ...job, state: 'cancelled' } }));
  const asked = page.waitForRequest(`**/imports/${job.id}/cancel`);
  await page.getByRole('button', { name: say('en', 'action.cancel'), exact: true }).click();
  await asked;
  await page.getByText(say('en', 'value.cancelled')).waitFor();
  assert.equal(await progress.count(), 0);
  await page.unrouteAll({ behavior: 'wait' });
});

test('one customer: what they will be worth, why, and each purchase in their history', async () => {
  const one = await call(page, 'GET', '/customers/u1/value');
  await visit(shop, page, `/people/${one.customer}`, 'en');
  const card = section('value.lifetime');
  await card.getByText(one.why.en).waitFor();
  await card.locator('dd', { hasText: one.lifetimeValue.toLocaleString('en', { style: 'currency', currency: 'EUR' }) }).first().waitFor();
  await card.locator('summary').click();
  await card.locator('tbody').waitFor();
  const bought = (await card.locator('tbody td:last-child').allTextContents()).filter((words) => words !== '');
  assert.equal(bought.length, one.transactions.length);
  await shot(page, 'value-customer');
  await visit(shop, page, `/people/${one.customer}`, 'es');
  await page.getByText(one.why.es).waitFor();
});

test('versions: the newest counts, an older one is opened as it was', async () => {
  await visit(shop, page, '/models', 'en');
  const fits = (await call(page, 'GET', '/value/fits')).items;
  await page.locator('main tbody tr').nth(fits.length - 1).waitFor();
  assert.equal(await page.locator('main tbody tr').count(), fits.length);
  const first = fits.at(-1);
  await page.locator('main tbody tr').last().getByText(say('en', 'models.unproved')).waitFor();
  await shot(page, 'models');
  await page.locator('main a.row-link').last().click();
  await page.getByText(said('value.unproved', { model: say('en', `value_name.${first.model}`) })).waitFor();
  assert.equal(new URL(page.url()).search, `?fit=${first.id}`);
  await page.getByRole('link', { name: say('en', 'value.newest') }).click();
  await heading('value.proof').waitFor();
});

test('from anywhere by the palette', async () => {
  await page.keyboard.press('Control+K');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type(say('en', 'models.title'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/models$/);
});

for (const [language, width, colorScheme] of [['en', 320, 'light'], ['es', 320, 'dark'], ['es', 1440, 'light'], ['en', 1440, 'dark']])
  test(`in ${language} at ${width} px in ${colorScheme}: axe finds nothing, nothing beyond the edge`, async () => {
    const other = await openPage(shop, { viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
    await logIn(shop, other.page);
    for (const where of ['/value', '/models', '/people/u1', '/value?fit=1']) {
      await visit(shop, other.page, where, language);
      await settled(other.page);
      assert.equal(await other.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, where);
      await other.page.evaluate(axeSource);
      const found = await other.page.evaluate(() => globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), [], where);
      await shot(other.page, `value${where.replace(/\W/g, '-')}-${language}-${width}`);
    }
    await other.context.close();
  });

test('no page had an error', () => {
  assert.deepEqual(problems, []);
});
