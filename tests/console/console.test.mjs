/* The console in a real browser on a real server with the demo shop. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test as nodeTest } from 'node:test';
import { axeSource, call, logIn, openPage, openShop, say, settled, skip, visit, words } from './shop.mjs';

let shop;
let page;
let context;
let problems;
let places;

const test = (name, run) => nodeTest(name, { skip }, run);

before(async () => {
  if (skip) return;
  shop = await openShop();
  ({ page, context, problems } = await openPage(shop, { permissions: ['clipboard-read', 'clipboard-write'] }));
});
after(async () => {
  await context?.close();
  await shop?.close();
});

test('logging in: a wrong password is said plainly, a right one opens Today', async () => {
  await page.goto(shop.url);
  await page.getByRole('button', { name: 'Español' }).click();
  await page.locator('html[lang=es]').waitFor({ state: 'attached' });  // its words are fetched first
  await page.getByLabel(say('es', 'login.email')).fill(shop.login.email);
  await page.getByLabel(say('es', 'login.password')).fill('not this one');
  await page.getByRole('button', { name: say('es', 'login.enter') }).click();
  await page.getByRole('alert').getByText(say('es', 'login.wrong')).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('alert').getByText(say('en', 'login.wrong')).waitFor();
  await logIn(shop, page);
  await visit(shop, page, '/', 'en');
  assert.equal(await page.title(), 'Today · Tendero');
  const people = await call(page, 'GET', '/customers?sort=orders&order=desc&limit=3');
  const products = await call(page, 'GET', '/products?limit=1');
  assert.ok(people.total > 1000, 'the demo shop has its customers');
  const rules = await call(page, 'POST', '/models', { name: 'Gift', inputs: [{ name: 'spend', type: 'number' }], outputType: 'string' });
  const table = { ...rules.tables[0], rules: [{ id: '', tests: ['> 100'], says: ['"card"'], note: '' }] };
  await call(page, 'PUT', `/models/${rules.model.id}`, { table });
  places = ['/', '/people', `/people/${people.items[0].id}`, '/data/live', '/data/rejections', '/data/imports',
    '/data/keys', '/data/schema', '/data/suggestions', '/data/exports', '/results', '/catalogue',
    `/catalogue/${encodeURIComponent(products.items[0].id)}`, '/settings',
    '/audiences', '/audiences/new?condition=orders%20%3E%202', '/rules', `/rules/${rules.model.id}`, '/value', '/models', '/affinities',
    '/tiers', '/tiers/migrator', '/share', '/recommendations'];
});

test('the demo says what is invented', async () => {
  const { shop: face } = await call(page, 'GET', '/session');
  assert.ok(face.notice.en && face.notice.es);
  await page.getByText(face.notice.en).waitFor();
});

for (const language of ['en', 'es'])
  test(`every page in ${language}: heading, title, no untranslated word, no sideways scrolling`, async () => {
    const keys = Object.keys(words[language]);
    for (const where of places)
      for (const width of [320, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await visit(shop, page, where, language);
        const seen = await page.evaluate(() => ({
          lang: document.documentElement.lang, title: document.title, text: document.body.innerText,
          heading: document.querySelector('main h1').textContent, headings: document.querySelectorAll('h1').length,
          beyond: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        }));
        assert.equal(seen.lang, language, where);
        assert.equal(seen.title, `${seen.heading} · Tendero`, where);
        assert.equal(seen.headings, 1, where);
        assert.equal(seen.beyond, 0, `${where} scrolls sideways at ${width} px`);
        assert.deepEqual(keys.filter((key) => new RegExp(`(^|\\s)${key.replace('.', '\\.')}($|\\s)`).test(seen.text)), [], where);
      }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

for (const [width, colorScheme] of [[320, 'light'], [320, 'dark'], [1440, 'light'], [1440, 'dark']])
  test(`axe finds nothing at ${width} px in ${colorScheme}`, async () => {
    // axe is put into the page by the test, which the page's own policy would refuse
    const other = await openPage(shop, { viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
    const look = async (name) => {
      await other.page.evaluate(axeSource);
      const found = await other.page.evaluate(() => globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), [], name);
    };
    await other.page.goto(shop.url);
    await settled(other.page);
    await look('login');
    await logIn(shop, other.page);
    await visit(shop, other.page, '/', 'en');
    for (const where of places) {
      await visit(shop, other.page, where);
      await look(where);
    }
    await other.context.close();
  });

test('People: search as you type, filters, paging and the way back are in the address', async () => {
  await visit(shop, page, '/people', 'en');
  const rows = page.locator('main tbody tr');
  assert.equal(await rows.count(), 50);
  const first = await rows.first().innerText();
  await page.getByRole('link', { name: say('en', 'people.next') }).click();
  await page.waitForURL(/after=/);
  await page.waitForFunction((text) => document.querySelector('main tbody tr')?.innerText !== text, first);
  await page.goBack();
  await page.waitForFunction((text) => document.querySelector('main tbody tr')?.innerText === text, first);
  const name = (await page.locator('main a.row-link').first().innerText()).split(' ')[0];
  await page.getByRole('searchbox', { name: say('en', 'people.search') }).pressSequentially(name, { delay: 30 });
  await page.waitForURL(new RegExp(`q=${name}`));
  const answer = await call(page, 'GET', `/customers?q=${encodeURIComponent(name)}&limit=1`);
  await page.getByText(new RegExp(`^${answer.total.toLocaleString('en')} customers?$`)).first().waitFor();
  await page.getByRole('combobox', { name: say('en', 'people.tier') }).selectOption('champion');
  await page.waitForURL(/tier=champion/);
  await page.reload();
  await settled(page);
  assert.equal(await page.getByRole('combobox', { name: say('en', 'people.tier') }).inputValue(), 'champion');
  assert.equal(await page.getByRole('searchbox').inputValue(), name);
});

test('People: sorting is told to everybody, columns are remembered', async () => {
  await visit(shop, page, '/people', 'en');
  await page.getByRole('button', { name: say('en', 'people.value') }).click();
  await page.locator('th[aria-sort=descending]', { hasText: say('en', 'people.value') }).waitFor();
  await page.getByText(say('en', 'people.columns'), { exact: true }).first().click();
  await page.getByLabel(say('en', 'people.country')).check();
  await page.reload();
  await settled(page);
  await page.getByRole('columnheader', { name: say('en', 'people.country') }).waitFor();
});

test('by keyboard alone: skip link, palette, search, rows, a customer, a dialog and back', async () => {
  await visit(shop, page, '/', 'en');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), say('en', 'nav.skip'));
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: say('en', 'palette.label') }).waitFor();
  await page.keyboard.type('People');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/people$/);
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1' && document.querySelector('main a.row-link'));
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.type), 'search');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const name = await page.evaluate(() => document.activeElement.getAttribute('href'));
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`${name}$`));
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1' && !document.querySelector('.skeleton'));
  const button = page.getByRole('button', { name: say('en', 'merge.open') });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.ok(await button.evaluate((b) => b === document.activeElement), 'the focus comes back');
});

test('a customer: timeline opens to the four times, a trait is declared and has a history', async () => {
  await visit(shop, page, places[2], 'en');
  const entry = page.locator('.entry').first();
  await entry.locator('summary').click();
  for (const key of ['fact.timestamp', 'fact.original', 'fact.sent', 'fact.received'])
    await entry.getByText(say('en', key), { exact: true }).waitFor();
  await page.getByRole('button', { name: say('en', 'traits.add') }).click();
  await page.getByLabel(say('en', 'traits.name'), { exact: true }).fill('favourite_colour');
  await page.getByLabel(say('en', 'traits.value'), { exact: true }).fill('bottle green');
  await page.getByRole('button', { name: say('en', 'action.save') }).click();
  await page.locator('.trait-value', { hasText: 'bottle green' }).waitFor();
  const history = page.locator('.traits > li', { hasText: 'bottle green' }).getByRole('button').nth(1);
  await history.click();
  await page.getByRole('dialog').getByRole('cell', { name: say('en', 'provenance.declared') }).first().waitFor();
  await page.keyboard.press('Escape');
});

test('a message is shown in both languages, runs nothing and is sent nowhere', async () => {
  await visit(shop, page, places[2], 'en');
  await page.getByRole('button', { name: say('en', 'message.open') }).click();
  const frame = page.locator('iframe.letter');
  await frame.waitFor();
  assert.ok(!(await frame.getAttribute('sandbox')).includes('allow-scripts'));
  const english = await page.locator('.subject').innerText();
  await page.getByRole('dialog').getByLabel(say('en', 'nav.language')).selectOption('es');
  await page.waitForFunction((text) => document.querySelector('.subject')?.innerText !== text, english);
  await page.getByRole('button', { name: say('en', 'message.text') }).click();
  assert.ok((await page.locator('.letter-text').innerText()).length > 40);
  await page.keyboard.press('Escape');
});

test('merge after a look, then unmerge: both are as before', async () => {
  const { items } = await call(page, 'GET', '/customers?sort=orders&order=desc&limit=3');
  const [, a, b] = items;
  const face = async (id) => {
    const c = await call(page, 'GET', `/customers/${id}`);
    return { id: c.id, orders: c.orders, value: c.value, identifiers: c.identifiers, traits: c.traits.map((x) => [x.name, x.value]) };
  };
  const before = [await face(a.id), await face(b.id)];
  await visit(shop, page, `/people/${a.id}`, 'en');
  await page.getByRole('button', { name: say('en', 'merge.open') }).click();
  await page.getByLabel(say('en', 'merge.which')).fill(b.userId);
  await page.locator('.found button', { hasText: b.email ?? b.userId }).first().click();
  await page.locator('.side').nth(2).waitFor();
  await page.getByRole('button', { name: say('en', 'merge.confirm'), exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const undo = page.getByRole('button', { name: new RegExp(`^${say('en', 'merges.undo')}`) }).first();
  await undo.waitFor();
  assert.equal((await face(a.id)).orders, a.orders + b.orders);
  await undo.click();
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'merges.undo') }).click();
  await page.getByText(say('en', 'merges.undone'), { exact: true }).first().waitFor();
  assert.deepEqual([await face(a.id), await face(b.id)], before);
});

test('a key is shown once; what is sent with it appears live, a refused event with its reason', async () => {
  await visit(shop, page, '/data/keys', 'en');
  await page.getByRole('button', { name: say('en', 'keys.create') }).click();
  await page.getByLabel(say('en', 'keys.name'), { exact: true }).fill('Test till');
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'keys.create') }).click();
  const key = await page.locator('dialog .copyable pre').innerText();
  await page.getByRole('button', { name: say('en', 'keys.copied_it') }).click();
  assert.ok(!(await page.locator('main').innerText()).includes(key));
  await visit(shop, page, '/data/live', 'en');
  await page.getByText(say('en', 'live.open')).waitFor();
  const answer = await fetch(`${shop.url}/v1/batch`, {
    method: 'POST', headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${key}:`)}` },
    body: JSON.stringify({ batch: [
      { type: 'track', userId: 'console-test', event: 'Till Opened', messageId: 'till-1' },
      { type: 'track', event: 'Nobody Here', messageId: 'till-2' },
    ] }),
  });
  assert.equal(answer.status, 200);
  await page.locator('.live.accepted', { hasText: 'Till Opened' }).waitFor();
  const refused = page.locator('.live.rejected').first();
  await refused.waitFor();
  assert.ok((await refused.locator('.reason').innerText()).length > 5);
  await visit(shop, page, '/data/rejections', 'en');
  await page.locator('.rejections li').first().waitFor();
  await visit(shop, page, '/data/keys', 'en');
  await page.getByRole('button', { name: `${say('en', 'keys.revoke')}: Test till` }).click();
  await page.getByRole('dialog').getByRole('button', { name: say('en', 'keys.revoke') }).click();
  await page.getByRole('row', { name: 'Test till' }).waitFor({ state: 'detached' });
});

const LINES = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
  ...Array.from({ length: 400 }, (_, i) => `9${String(i >> 2).padStart(5, '0')},T${i % 7},CONSOLE TEST ${i % 7},${1 + (i % 3)},2011-03-0${1 + (i % 9)} 10:0${i % 6}:00,2.55,99${100 + (i >> 2)}.0,Spain`),
  '999999,T1,CONSOLE TEST 1,many,2011-03-01 10:00:00,2.55,99100.0,Spain'].join('\n');

test('an import: tried first, then done, with its progress, its figures and its rejected rows', async () => {
  await visit(shop, page, '/data/imports', 'en');
  const file = { name: 'till.csv', mimeType: 'text/csv', buffer: Buffer.from(`${LINES}\n`) };
  for (const dryRun of [true, false]) {
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByText('till.csv').waitFor();
    assert.equal(await page.getByLabel(say('en', 'imports.format')).inputValue(), 'online-retail');
    await page.getByLabel(say('en', 'imports.dry_run')).setChecked(dryRun);
    const name = dryRun ? 'first till' : 'second till';
    await page.getByLabel(say('en', 'imports.name')).fill(name);
    await page.getByRole('button', { name: say('en', dryRun ? 'imports.try' : 'imports.do'), exact: true }).click();
    const card = page.locator('.job', { has: page.locator('h3', { hasText: name }) });
    await card.locator('.chip', { hasText: say('en', 'job.done') }).waitFor();
    const figures = Object.fromEntries(await card.locator('.figure').evaluateAll((all) =>
      all.map((f) => [f.querySelector('dt').textContent, f.querySelector('dd').textContent])));
    assert.equal(figures[say('en', 'imports.rows')], '401');
    assert.equal(figures[say('en', 'imports.imported')], '400');
    assert.equal(figures[say('en', 'imports.rejected')], '1');
    const download = page.waitForEvent('download');
    await card.getByRole('link', { name: say('en', 'imports.rejected_file') }).click();
    assert.match(readFileSync(await (await download).path(), 'utf8'), /many/);
  }
});

test('a CSV of one’s own: first rows, guesses, the mapping, the result', async () => {
  await visit(shop, page, '/data/imports', 'en');
  const csv = 'customer_id;plan;age\nconsole-1;gold;41\nconsole-2;silver;27\n';
  await page.locator('input[type=file]').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await page.getByLabel(say('en', 'mapping.subject')).selectOption('customer');
  assert.equal(await page.getByLabel('What “customer_id” holds').inputValue(), 'userId');
  assert.equal(await page.getByLabel('Type of “age”').inputValue(), 'number');
  await page.getByLabel(say('en', 'imports.dry_run')).setChecked(false);
  await page.getByRole('button', { name: say('en', 'imports.do'), exact: true }).click();
  await page.locator('.job').first().locator('.chip', { hasText: say('en', 'job.done') }).waitFor();
  const c = await call(page, 'GET', '/customers/user_id:console-1');
  assert.deepEqual(c.traits.filter((x) => ['age', 'plan'].includes(x.name)).map((x) => x.value).sort(), [41, 'gold']);
});

test('a product is edited and found again', async () => {
  await visit(shop, page, places.find(place => place.startsWith('/catalogue/')), 'en');
  await page.getByRole('button', { name: say('en', 'action.edit') }).click();
  await page.getByLabel(say('en', 'product.title')).fill('A TEST OF THE CONSOLE');
  await page.getByLabel(say('en', 'catalogue.price')).fill('7,25');
  await page.getByRole('button', { name: say('en', 'action.save') }).click();
  await page.getByRole('heading', { level: 1, name: 'A TEST OF THE CONSOLE' }).waitFor();
  await page.locator('.figure', { hasText: '7.25' }).waitFor();
  await visit(shop, page, '/catalogue?q=console');
  await page.getByRole('link', { name: 'A TEST OF THE CONSOLE' }).waitFor();
});

test('the evaluation is run and says where it comes from', async () => {
  await visit(shop, page, '/results', 'en');
  await page.locator('.page-title button').click();
  await page.getByRole('heading', { name: say('en', 'results.protocol') }).waitFor({ timeout: 120_000 });
  await page.locator('.hit-rate').first().waitFor();
});

test('the theme is kept, and the system’s is followed again', async () => {
  await visit(shop, page, '/settings', 'en');
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.getByLabel(say('en', 'settings.theme')).selectOption('dark');
  assert.ok((await paper()) !== light);
  await page.reload();
  await settled(page);
  assert.ok((await paper()) !== light);
  await page.getByLabel(say('en', 'settings.theme')).selectOption('system');
  assert.equal(await paper(), light);
});

test('a page that does not exist says so', async () => {
  await visit(shop, page, '/no/such/page', 'en');
  await page.getByRole('heading', { level: 1, name: say('en', 'notfound.title') }).waitFor();
  await visit(shop, page, '/people/c999999999', 'en');
  await page.getByRole('heading', { level: 1, name: say('en', 'customer.none') }).waitFor();
});

test('people are let in, given a new password and taken out', async () => {
  const dialog = page.getByRole('dialog');
  const fill = async (values) => {
    for (const [name, value] of Object.entries(values)) await dialog.locator(`input[name=${name}]`).fill(value);
  };
  const row = page.getByRole('row').filter({ hasText: 'bea@example.com' });
  await visit(shop, page, '/settings', 'en');
  await page.getByRole('button', { name: say('en', 'users.add') }).click();
  await fill({ email: 'bea@example.com', name: 'Bea', password: 'short', again: 'short' });
  await dialog.getByRole('button', { name: say('en', 'users.add') }).click();
  await dialog.getByText(/^Take 10 characters or more/).waitFor();
  await fill({ password: 'a first password', again: 'another one here' });
  await dialog.getByText(say('en', 'password.differ')).waitFor();
  await fill({ again: 'a first password' });
  await dialog.getByRole('button', { name: say('en', 'users.add') }).click();
  await dialog.waitFor({ state: 'detached' });
  await row.getByRole('button', { name: new RegExp(`^${say('en', 'users.password')}`) }).click();
  await fill({ password: 'a second password', again: 'a second password' });
  await dialog.getByRole('button', { name: say('en', 'users.password') }).click();
  await dialog.waitFor({ state: 'detached' });
  const bea = (password) => fetch(`${shop.url}/api/v1/session`, { method: 'POST',
    headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'bea@example.com', password }) });
  assert.equal((await bea('a first password')).status, 401);
  assert.equal((await bea('a second password')).status, 200);
  await row.getByRole('button', { name: new RegExp(`^${say('en', 'users.remove')}`) }).click();
  await dialog.getByRole('button', { name: say('en', 'users.remove') }).click();
  await row.waitFor({ state: 'detached' });
  assert.equal((await bea('a second password')).status, 401);
});

test('one changes one\'s own password and stays', async () => {
  const dialog = page.getByRole('dialog');
  const change = async (current, password) => {
    if (!(await dialog.count())) await page.getByRole('button', { name: say('en', 'password.change') }).click();
    for (const [name, value] of Object.entries({ current, password, again: password }))
      await dialog.locator(`input[name=${name}]`).fill(value);
    await dialog.getByRole('button', { name: say('en', 'password.change') }).click();
  };
  await visit(shop, page, '/settings', 'en');
  await change('not my password', 'a new password');
  await dialog.getByText(say('en', 'password.wrong')).waitFor();
  assert.match(problems.pop(), /\/settings: .* status of 400/);  // the refusal asked for, as browsers note it
  await change(shop.login.password, 'a new password');
  await dialog.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('heading', { name: say('en', 'users.title') }).waitFor();
  await change('a new password', shop.login.password);
  await dialog.waitFor({ state: 'detached' });
  await call(page, 'GET', '/session');
});

test('logging out closes the door', async () => {
  await visit(shop, page, '/people', 'en');
  await page.getByRole('button', { name: say('en', 'nav.logout') }).click();
  await page.getByLabel(say('en', 'login.password')).waitFor();
  await page.goto(`${shop.url}/people`);
  await page.getByLabel(say('en', 'login.password')).waitFor();
});

test('after too many attempts it says when to try again', async () => {
  const throttled = page.getByRole('alert').getByText(/^Too many attempts\. Try again in \d/);
  await page.getByLabel(say('en', 'login.email')).fill(`other-${shop.login.email}`);
  for (let i = 0; i < 25 && !(await throttled.count()); i++) {
    await page.getByLabel(say('en', 'login.password')).fill(`wrong ${i}`);
    const answer = page.waitForResponse((r) => r.url().endsWith('/session') && r.request().method() === 'POST');
    await page.getByRole('button', { name: say('en', 'login.enter') }).click();
    await (await answer).finished();
    await page.getByRole('alert').first().waitFor();
  }
  await throttled.waitFor();
});

test('nothing went wrong in the browser meanwhile', () => {
  assert.deepEqual(problems, []);
});
