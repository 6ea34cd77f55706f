/* Decision tables as somebody who owns them works: begun, filled by keyboard and from a spreadsheet, gaps filled, tried, saved. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test as nodeTest } from 'node:test';
import { call, logIn, openPage, openShop, say, shot, skip, visit } from './shop.mjs';

let shop;
let page;
let context;

const test = (name, run) => nodeTest(name, { skip }, run);
const button = (key) => page.getByRole('button', { name: say('en', key), exact: true });
const cell = (rule, column) => page.locator(`[data-cell="${rule} ${column}"]`);
const finding = (kind) => page.locator('.findings li', { hasText: say('en', `finding_kind.${kind}`) });
const pasteInto = (place, text) => place.evaluate((field, cells) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', cells);
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}, text);

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

test('nothing yet, then a table over what is known of customers', async () => {
  await visit(shop, page, '/rules', 'en');
  await page.getByText(say('en', 'rules.none'), { exact: true }).waitFor();
  await shot(page, 'rules-empty');
  await button('rules.new').click();
  await page.getByLabel(say('en', 'rules.name'), { exact: true }).fill('Gift');
  await page.getByLabel('Name of input 1').fill('spend');
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'rules.add_input'), exact: true }).click();
  await page.getByLabel('Name of input 2').fill('orders');
  await button('rules.begin').click();
  await page.getByText(say('en', 'rules.no_rules')).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1');  // a new page gives it the focus
});

test('by keyboard and from a spreadsheet; a gap and an overlap are seen while one types, and mended', async () => {
  await page.getByLabel(say('en', 'rules.hit_policy')).selectOption('UNIQUE');
  await button('rules.add_rule').focus();
  await page.keyboard.press('Enter');
  await cell(0, 0).waitFor();
  await page.waitForFunction(() => document.activeElement?.dataset.cell === '0 0');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('< 100');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type('"none"');
  await page.keyboard.press('Enter');  // at the end: another rule
  await page.waitForFunction(() => document.activeElement?.dataset.cell === '1 0');
  await pasteInto(cell(1, 0), '[100 .. 500]\t> 2\t"card"\toften\n>= 500\t-\t"cake"\n');
  assert.equal(await cell(2, 2).inputValue(), '"cake"');
  await finding('gap').waitFor();
  await finding('overlap').waitFor();
  await shot(page, 'rules-findings');
  await cell(1, 0).fill('[100 .. 500)');
  await finding('overlap').waitFor({ state: 'detached' });
  await button('rules.fill_gap').click();
  assert.deepEqual([await cell(3, 0).inputValue(), await cell(3, 1).inputValue()], ['[100 .. 500)', '<= 2']);
  await cell(3, 2).fill('"none"');
  await page.getByText(say('en', 'rules.whole')).waitFor();
  await cell(3, 2).press('Alt+ArrowUp');
  assert.equal(await cell(2, 2).inputValue(), '"none"');
  await button('rules.undo').click();
  assert.equal(await cell(2, 2).inputValue(), '"cake"');
  await cell(0, 3).pressSequentially('few');  // letter by letter is one edit
  await button('rules.undo').click();
  assert.equal(await cell(0, 3).inputValue(), '');
  const asked = new Promise((resolve) => { page.once('dialog', (d) => { resolve(d.message()); void d.dismiss(); }); });
  await page.getByRole('link', { name: say('en', 'nav.people'), exact: true }).first().click();
  assert.equal(await asked, say('en', 'saved.leave'));
  assert.equal(await cell(1, 0).inputValue(), '[100 .. 500)');
});

test('tried on a case, on a customer, on everybody', async () => {
  await page.getByLabel('spend', { exact: true }).fill('120');
  await page.getByLabel('orders', { exact: true }).fill('3');
  await button('rules.decide').click();
  await page.locator('.rules-answer', { hasText: 'card' }).waitFor();
  await page.locator('tr.hit', { has: cell(1, 0) }).waitFor();
  await page.getByLabel(say('en', 'rules.try_customer')).fill('a');
  await page.locator('.found button').first().click();
  await page.locator('.rules-answer', { hasText: 'by rule' }).waitFor();
  await button('rules.count').click();
  const { total, customers } = await call(page, 'POST', '/audiences/count', { condition: 'spend >= 500' });
  await page.locator('.rules-grid tr', { has: cell(2, 0) }).locator('td.number', { hasText: new RegExp(`^${customers.toLocaleString('en')}$`) }).waitFor();
  const counts = await page.locator('.rules-grid td.number').allTextContents();
  assert.equal(counts.map((c) => Number(c.replace(/,/g, ''))).reduce((a, b) => a + b), total);
  await shot(page, 'rules-tried');
});

test('saved with a note', async () => {
  const later = button('rules.trait_open');
  assert.equal(await later.getAttribute('aria-disabled'), 'true');
  assert.equal(await page.locator(`[id="${await later.getAttribute('aria-describedby')}"]`).textContent(), say('en', 'rules.save_first'));
  assert.equal(await button('rules.export_csv').getAttribute('aria-disabled'), 'true');
  await button('rules.save').click();
  await page.getByLabel(say('en', 'saved.note'), { exact: true }).fill('first whole one');
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'action.save'), exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /first whole one/ }).waitFor();
});

test('what it says of everybody is taken along as a file, and kept as a trait', async () => {
  const [, file] = await Promise.all([page.getByRole('link', { name: say('en', 'rules.export_csv') }).click(), page.waitForEvent('download')]);
  assert.equal(file.suggestedFilename(), 'model-1-version-2.csv');
  const [head, ...lines] = readFileSync(await file.path(), 'utf8').trim().split('\r\n');
  const { total, customers } = await call(page, 'POST', '/audiences/count', { condition: 'spend >= 500' });
  assert.deepEqual([head, lines.length, lines.filter((line) => /,cake,\d+$/.test(line)).length], ['customer,userId,email,Gift,rules', total, customers]);

  await button('rules.trait_open').click();
  const name = page.getByLabel(say('en', 'rules.trait_name'), { exact: true });
  assert.equal(await name.inputValue(), 'Gift');
  await name.fill('spend');
  await button('rules.trait_write').click();
  await page.getByRole('alert').filter({ hasText: 'say another name' }).waitFor();
  await shot(page, 'rules-trait-dialog');
  await name.fill('gift');
  await button('rules.trait_write').click();
  const written = page.locator('.rules-written', { has: page.getByText(say('en', 'job.done'), { exact: true }) });
  await written.waitFor();
  const changed = async () => (await written.locator('.figure', { hasText: say('en', 'rules.trait_changed') }).locator('dd').textContent()).replaceAll(',', '');
  assert.equal(Number(await changed()), total);
  assert.equal((await call(page, 'POST', '/audiences/count', { condition: 'gift = "cake"' })).customers, customers);
  await shot(page, 'rules-written');
  await button('rules.trait_open').click();
  await name.fill('gift');
  await button('rules.trait_write').click();
  await written.filter({ has: page.locator('dd', { hasText: /^0$/ }) }).locator('.figure', { hasText: say('en', 'rules.trait_changed') }).filter({ hasText: /0$/ }).waitFor();
  const { items } = await call(page, 'GET', '/imports');
  assert.deepEqual(items.filter((j) => j.kind === 'trait').map((j) => j.trait.changed), [0, total]);
});

test('in Spanish too; an older version comes back', async () => {
  const { pathname } = new URL(page.url());
  await visit(shop, page, pathname, 'es');
  await page.getByText(say('es', 'rules.whole')).waitFor();
  await page.setViewportSize({ width: 320, height: 800 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 320), 'no sideways scroll at 320 px');
  await shot(page, 'rules-320-es');
  await page.setViewportSize({ width: 1440, height: 900 });
  await visit(shop, page, pathname, 'en');
  await page.getByRole('button', { name: `${say('en', 'rules.restore')}: 1` }).click();
  await page.getByText(say('en', 'rules.no_rules')).waitFor();
});

test('a file of another tool comes in; what is no DMN is refused with its place; removed after a question', async () => {
  await visit(shop, page, '/rules', 'en');
  const file = page.locator('#model-file');
  await file.setInputFiles({ name: 'broken.dmn', mimeType: 'application/xml', buffer: Buffer.from('<definitions>\n</x>') });
  await page.getByRole('alert').filter({ hasText: 'line 2' }).waitFor();
  const { items } = await call(page, 'GET', '/models');
  const xml = await page.evaluate(async (id) => (await fetch(`/api/v1/models/${id}/file`)).text(), items[0].id);
  await file.setInputFiles({ name: 'Other.dmn', mimeType: 'application/xml', buffer: Buffer.from(xml) });
  await page.getByRole('heading', { name: 'Other' }).waitFor();
  await button('rules.remove').click();
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'rules.remove'), exact: true }).click();
  await page.getByRole('link', { name: 'Gift', exact: true }).waitFor();
  assert.equal((await call(page, 'GET', '/models')).items.length, 1);
});
