/* Audiences as a marketer makes them: with the builder, by keyboard, while the count changes; as text; in both languages. */
import assert from 'node:assert/strict';
import { after, before, test as nodeTest } from 'node:test';
import { call, logIn, openPage, openShop, say, shot, skip, visit } from './shop.mjs';

let shop;
let page;
let context;

const test = (name, run) => nodeTest(name, { skip }, run);
const counted = () => page.locator('.audience-count b');
const countIs = (n) => page.waitForFunction((wanted) => {
  const shown = document.querySelector('.audience-count b')?.textContent;
  return shown === new Intl.NumberFormat('en').format(wanted) && !document.querySelector('[aria-busy="true"]');
}, n);
const truth = async (condition) => (await call(page, 'POST', '/audiences/count', { condition })).customers;

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

test('nothing yet: what an audience is, and two to start from', async () => {
  await visit(shop, page, '/audiences', 'en');
  await page.getByText(say('en', 'audience.none')).waitFor();
  await shot(page, 'audiences-empty');
  await page.getByRole('link', { name: say('en', 'audience.example_asleep') }).click();
  await page.locator('.audience-count').waitFor();
  assert.equal(await page.locator('.cond-row').count(), 2);
});

test('bought more than twice in 90 days, never a cancellation, spent above 200: built, counted while typing, saved', async () => {
  await visit(shop, page, '/audiences/new', 'en');
  const row = (i) => page.locator('.cond-row').nth(i);
  const add = () => page.getByRole('button', { name: say('en', 'audience.add_row') }).click();
  await row(0).getByLabel(say('en', 'audience.what')).selectOption('count:Order Completed');
  await row(0).getByLabel(say('en', 'audience.value'), { exact: true }).fill('2');
  const often = 'event count("Order Completed", @"P90D") > 2';
  await countIs(await truth(often));
  const before = await counted().textContent();

  await add();
  await row(1).getByLabel(say('en', 'audience.what')).selectOption('count:Order Refunded');
  await row(1).getByLabel(say('en', 'audience.window')).selectOption('');
  await row(1).getByLabel(say('en', 'audience.how')).selectOption({ label: say('en', 'audience_op.never') });
  const never = `${often} and event count("Order Refunded") = 0`;
  await countIs(await truth(never));

  await add();
  await row(2).getByLabel(say('en', 'audience.what')).selectOption('term:spend');
  await row(2).getByLabel(say('en', 'audience.value'), { exact: true }).pressSequentially('200');
  const all = `${never} and spend > 200`;
  await countIs(await truth(all));
  assert.notEqual(await counted().textContent(), before);
  await shot(page, 'audiences-builder');

  await page.getByRole('button', { name: say('en', 'audience.as_text'), exact: true }).click();
  assert.equal(await page.getByLabel(say('en', 'audience.text')).inputValue(), all);
  await page.getByRole('button', { name: say('en', 'audience.builder'), exact: true }).click();
  assert.equal(await page.locator('.cond-row').count(), 3);

  await page.getByRole('button', { name: say('en', 'audience.save'), exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(say('en', 'saved.name')).fill('Often, no refunds');
  await dialog.getByRole('button', { name: say('en', 'action.save') }).click();
  await page.getByRole('heading', { level: 1, name: 'Often, no refunds' }).waitFor();
  await visit(shop, page, '/audiences', 'en');
  const line = page.getByRole('row', { name: /Often, no refunds/ });
  await line.getByText(new Intl.NumberFormat('en').format(await truth(all)), { exact: true }).waitFor();
  await shot(page, 'audiences-list');
});

test('what events say and which came after which: built, counted, and read back', async () => {
  await visit(shop, page, '/audiences/new', 'en');
  const row = (i) => page.locator('.cond-group > .cond-rows > .cond-row').nth(i);
  const choose = (where, what, option) => where.getByLabel(say('en', what), { exact: true }).first().selectOption(option);
  const where = row(0).locator('.cond-where');
  await choose(row(0), 'audience.what', 'count:Product Bought');
  await choose(row(0), 'audience.measure', 'sum');
  await page.getByText(say('en', 'audience.row_open')).waitFor();
  await choose(row(0), 'audience.property', 'quantity');
  await row(0).getByLabel(say('en', 'audience.value'), { exact: true }).fill('9');
  await countIs(await truth('event sum("Product Bought", quantity, @"P90D") > 9'));
  await where.getByRole('button', { name: say('en', 'audience.add_where') }).click();
  await choose(where, 'audience.what', 'term:product');
  await where.getByLabel(say('en', 'audience.value'), { exact: true }).fill('22423');
  const bought = 'event sum("Product Bought", quantity, @"P90D", product = "22423") > 9';
  assert.ok(await truth(bought) > 0);
  await countIs(await truth(bought));

  await page.getByRole('button', { name: say('en', 'audience.add_row') }).click();
  await choose(row(1), 'audience.what', 'sequence:');
  for (const [i, event] of ['Order Completed', 'Order Refunded'].entries())
    await row(1).getByLabel(say('en', 'audience.step').replace('{n}', String(i + 1))).selectOption(event);
  await page.getByRole('button', { name: say('en', 'audience.remove_step') }).click();
  await page.getByLabel(say('en', 'audience.without_after')).waitFor();
  await page.getByRole('button', { name: say('en', 'audience.add_step') }).click();
  await row(1).getByLabel(say('en', 'audience.step').replace('{n}', '2')).selectOption('Order Refunded');
  await choose(row(1), 'audience.how', 'not_member');
  const all = `${bought} and not(event sequence(steps: ["Order Completed", "Order Refunded"], gap: @"P7D"))`;
  await countIs(await truth(all));
  await shot(page, 'audiences-events');
  await page.getByRole('button', { name: say('en', 'audience.as_text'), exact: true }).click();
  assert.equal(await page.getByLabel(say('en', 'audience.text')).inputValue(), all);
  await page.getByRole('button', { name: say('en', 'audience.builder'), exact: true }).click();
  assert.equal(await where.locator('.cond-row').count(), 1);
});

test('those who belong to them, and what they said themselves', async () => {
  await visit(shop, page, '/audiences/new?condition=declared(email)%20and%20spend%20%3E%201000', 'en');
  await countIs(await truth('declared(email) and spend > 1000'));
  const row = page.locator('.cond-group > .cond-rows > .cond-row').first();
  await row.getByLabel(say('en', 'audience.what')).selectOption('related:');
  await page.getByText(say('en', 'audience.row_open')).waitFor();
  await row.getByLabel(say('en', 'audience.related_kind')).selectOption('household');
  await row.getByRole('button', { name: say('en', 'audience.add_where') }).click();
  const where = row.locator('.cond-where');
  await where.getByLabel(say('en', 'audience.what')).selectOption('count:Order Completed');
  await where.getByLabel(say('en', 'audience.value'), { exact: true }).fill('1');
  await row.getByLabel(say('en', 'audience.how')).first().selectOption('not_member');
  const wish = 'not(related("household", event count("Order Completed", @"P90D") > 1)) and spend > 1000';
  await page.locator('.builder + p code').getByText(wish, { exact: true }).waitFor();
  await countIs(await truth(wish));
});

test('whom we may contact: noted on a person, and asked for', async () => {
  const { items: [person] } = await call(page, 'GET', '/customers?limit=1');
  await visit(shop, page, `/people/${person.id}`, 'en');
  const region = page.getByRole('region', { name: say('en', 'permissions.title') });
  await region.getByText(say('en', 'permissions.none')).waitFor();
  await region.getByRole('button', { name: say('en', 'permissions.add') }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(say('en', 'permissions.channel')).selectOption('sms');
  await dialog.getByLabel(say('en', 'permissions.topic'), { exact: true }).fill('offers');
  await dialog.getByLabel(say('en', 'permissions.until'), { exact: true }).fill('2099-12-31');
  await dialog.getByLabel(say('en', 'permissions.evidence'), { exact: true }).fill('asked at the till');
  await shot(page, 'permission-dialog');
  await dialog.getByRole('button', { name: say('en', 'action.save') }).click();
  await region.getByText(say('en', 'permissions.holds'), { exact: true }).waitFor();
  await page.getByText('May be contacted by text message about offers until 2099-12-31').waitFor();
  await shot(page, 'customer-permissions');

  await visit(shop, page, '/audiences/new', 'en');
  const row = page.locator('.cond-row').first();
  await row.getByLabel(say('en', 'audience.what')).selectOption('permission:');
  await row.getByLabel(say('en', 'permissions.channel')).selectOption('sms');
  await countIs(0);
  await row.getByLabel(say('en', 'permissions.topic')).fill('offers');
  await page.locator('.builder + p code').getByText('permission("sms", "offers")', { exact: true }).waitFor();
  await countIs(1);
  await shot(page, 'audiences-permission');

  await visit(shop, page, `/people/${person.id}`, 'es');
  const said = page.getByRole('region', { name: say('es', 'permissions.title') });
  await said.getByRole('button', { name: 'Cambiar: SMS: offers' }).click();
  await page.getByRole('dialog').getByRole('button', { name: say('es', 'action.save') }).click();  // what holds is withdrawn
  await said.getByText(say('es', 'permissions.withdrawn_chip'), { exact: true }).waitFor();
  assert.equal(await truth('permission("sms", "offers")'), 0);
});

test('another operator and another value keep the row in the count', async () => {
  await visit(shop, page, '/audiences/new?condition=spend%20between%20100%20and%20200', 'en');
  const how = page.getByLabel(say('en', 'audience.how'));
  const value = page.getByLabel(say('en', 'audience.value'), { exact: true });
  const condition = page.locator('.builder + p code');
  await how.selectOption('>');
  await countIs(await truth('spend > 100'));
  await how.selectOption('known');
  await condition.getByText('spend != null', { exact: true }).waitFor();
  await page.getByLabel(say('en', 'audience.what')).selectOption('term:tier');
  await how.selectOption('in');
  await value.fill('loyal');
  await page.getByRole('button', { name: say('en', 'audience.another_value') }).click();
  await value.nth(1).waitFor();  // an empty value leaves the builder as it is
  await countIs(await truth('tier = "loyal"'));
  await value.nth(1).fill('champion');
  await countIs(await truth('tier in ("loyal", "champion")'));
  await page.getByLabel(say('en', 'audience.what')).selectOption('term:last order');
  await value.fill('30');
  await how.selectOption('>=');
  await page.getByText(say('en', 'audience.row_open')).waitFor();
  assert.equal(await condition.count(), 0, 'days are no date');
});

test('saving nothing does nothing, then or later', async () => {
  await visit(shop, page, '/audiences/new', 'en');
  await page.getByRole('button', { name: say('en', 'audience.save'), exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel(say('en', 'audience.value'), { exact: true }).fill('2');
  await countIs(await truth('orders > 2'));
  assert.equal(await page.getByRole('dialog').count(), 0);
});

test('text: a flaw has its place, richer text stays text, and the answer before stays on screen', async () => {
  await visit(shop, page, '/audiences/new', 'en');
  await page.getByRole('button', { name: say('en', 'audience.as_text'), exact: true }).click();
  const box = page.getByLabel(say('en', 'audience.text'));
  await box.fill('orders > 5');
  await countIs(await truth('orders > 5'));
  await box.fill('orders >');
  await page.locator('.field-error', { hasText: 'line 1, column 9' }).waitFor();
  assert.equal(await page.locator('.audience-count').count(), 1);
  assert.equal(await page.getByRole('alert').count(), 0, 'said once, beside the text');
  await box.fill('ordres > 5');
  await page.locator('.field-error', { hasText: "'orders' is" }).waitFor();
  await box.fill('spend / orders > 100');
  await countIs(await truth('spend / orders > 100'));
  await page.getByRole('button', { name: say('en', 'audience.builder'), exact: true }).click();
  await page.getByText(say('en', 'audience.too_rich')).waitFor();
});

test('a slip that reads, and can be true of nobody, is told', async () => {
  await visit(shop, page, '/audiences/new?condition=name%20%3D%2048001', 'en');
  await countIs(0);
  await page.getByText("at character 6: '=' has no meaning between a string and a number").waitFor();
  await shot(page, 'audiences-slip');
  await visit(shop, page, '/audiences/new?condition=name%20%3D%2048001', 'es');
  await page.getByText("en el carácter 6: '=' no tiene sentido entre un texto y un número").waitFor();
});

test('another version: who gains and who loses is said before it is saved; why one is in', async () => {
  await visit(shop, page, '/audiences/1', 'en');
  await page.getByRole('button', { name: say('en', 'audience.as_text'), exact: true }).click();
  await page.getByLabel(say('en', 'audience.text')).fill('spend > 1000');
  await countIs(await truth('spend > 1000'));
  await page.getByRole('button', { name: say('en', 'audience.save'), exact: true }).click();
  await page.getByRole('heading', { name: say('en', 'audience.change') }).waitFor();
  await page.getByText(/come in, \d/).waitFor();
  await shot(page, 'audiences-change');
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'action.save') }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /spend > 1000/ }).first().waitFor();
  assert.equal(await page.getByRole('button', { name: new RegExp(say('en', 'audience.use_version')) }).count(), 2);
  const version = page.getByRole('row', { name: new RegExp(`${say('en', 'audience.use_version')}: 2`) });
  await version.locator('del', { hasText: 'event count' }).first().waitFor();
  await version.locator('ins', { hasText: '1000' }).waitFor();
  await page.getByLabel(say('en', 'audience.why_who')).fill('a');
  await page.locator('.found button').first().click();
  await page.locator('.audience-why code', { hasText: 'spend > 1000' }).waitFor();
});

test('who comes in and who leaves is seen with the reason, on the audience and on the person', async () => {
  const { id } = await call(page, 'POST', '/audiences', { name: 'Huge', condition: 'spend > 100000000' });
  await visit(shop, page, `/audiences/${id}`, 'en');
  await page.getByText(say('en', 'audience.no_changes')).waitFor();
  const { key } = await call(page, 'POST', '/keys', { scope: 'write', name: 'changes' });
  const event = { type: 'track', userId: 'huge', event: 'Order Completed', messageId: 'huge-1', timestamp: new Date().toISOString(),
    properties: { order_id: 'huge-1', revenue: 200000000 } };
  const sent = await fetch(`${shop.url}/v1/batch`, { method: 'POST', body: JSON.stringify({ batch: [event] }),
    headers: { 'content-type': 'application/json', authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` } });
  assert.equal(sent.status, 200);
  await visit(shop, page, `/audiences/${id}`, 'en');
  const line = page.getByRole('group', { name: say('en', 'audience.changes') }).getByRole('row', { name: /huge/ });
  await line.getByText(say('en', 'audience.entered')).waitFor();
  await line.getByText(say('en', 'because.fact')).waitFor();
  const other = page.getByRole('group', { name: say('en', 'audience.overlaps') }).getByRole('row', { name: /Often, no refunds/ });
  await other.waitFor();
  await shot(page, 'audiences-changes');
  await line.getByRole('link').click();
  await page.getByRole('region', { name: say('en', 'nav.audiences') }).getByRole('link', { name: 'Huge' }).waitFor();
  await page.getByText('Came into the audience Huge').waitFor();
  await shot(page, 'customer-audiences');
  await call(page, 'DELETE', `/audiences/${id}`);
});

test('in Spanish, at 320 px, without scrolling sideways', async () => {
  await page.setViewportSize({ width: 320, height: 900 });
  const rich = 'event sum("Product Bought", quantity, product = "22423") > 9 and '
    + 'event sequence(steps: ["Order Completed", "Order Refunded"], gap: @"P7D", without: "Order Cancelled")';
  for (const where of ['/audiences', '/audiences/1', '/audiences/new', `/audiences/new?condition=${encodeURIComponent(rich)}`]) {
    await visit(shop, page, where, 'es');
    if (where.includes('?')) {
      await page.locator('.audience-count').waitFor();
      assert.match(await page.locator('.cond-where select').first().innerText(), /^producto$/m);
    }
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(beyond, 0, where);
  }
  await shot(page, 'audiences-narrow');
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('by keyboard alone', async () => {
  await visit(shop, page, '/audiences/new', 'en');
  await page.getByLabel(say('en', 'audience.what')).focus();
  for (let i = 0; i < 12; i++) {
    if (await page.evaluate((label) => document.activeElement.getAttribute('aria-label') === label, say('en', 'audience.value'))) break;
    await page.keyboard.press('Tab');
  }
  await page.keyboard.type('3');
  await countIs(await truth('orders > 3'));
  const focused = (label) => page.waitForFunction((wanted) =>
    (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent) === wanted, label);
  await page.getByRole('button', { name: say('en', 'audience.add_row') }).focus();
  await page.keyboard.press('Enter');
  await focused(say('en', 'audience.what'));
  await page.getByRole('button', { name: say('en', 'audience.remove_row') }).last().focus();
  await page.keyboard.press('Enter');
  await focused(say('en', 'audience.add_row'));
});

test('removed after a question', async () => {
  await visit(shop, page, '/audiences/1', 'en');
  await page.getByRole('button', { name: say('en', 'audience.remove'), exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'audience.remove'), exact: true }).click();
  await page.getByText(say('en', 'audience.none')).waitFor();
});
