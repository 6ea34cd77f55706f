/* A demo shop with its own server and browser, for the tests of the console.
 *
 * TENDERO_BIN names the program (else build/tendero), TENDERO_CHROMIUM the browser (else /usr/bin/chromium). */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BIN = process.env.TENDERO_BIN || path.join(root, 'build/tendero');
const CHROMIUM = process.env.TENDERO_CHROMIUM || '/usr/bin/chromium';
const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const START_MS = 120_000;

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/* `tendero demo` prints the login that it made. */
function loginIn(printed) {
  const email = /[\w.+-]+@[\w.-]+\w/.exec(printed)?.[0];
  const password = /(?:password|contraseña)\W+(\S+)/i.exec(printed)?.[1];
  if (!email || !password) throw new Error(`no login in what the demo printed:\n${printed}`);
  return { email, password };
}

async function untilReady(url, child) {
  const end = Date.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const ready = await fetch(`${url}/readyz`).then((r) => r.ok, () => false);
    if (ready) return;
    if (Date.now() > end) throw new Error('the server did not become ready');
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

/* Why the tests cannot be run here: without a browser they are skipped, as script/bootstrap says. */
export const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}: set TENDERO_CHROMIUM`;

/* Fills the folder with the demo shop; the login that it made. */
async function demo(data) {
  const { stdout, stderr } = await promisify(execFile)(BIN, ['demo', '--data', data], { maxBuffer: 1 << 24, cwd: root });
  return loginIn(`${stdout}\n${stderr}`);
}

/* A shop in which nothing has happened, and somebody who may log in. */
export async function nothing(data) {
  const login = { email: 'ann@example.com', password: 'not for the world' };
  const made = promisify(execFile)(BIN, ['user', 'add', login.email, '--data', data], { cwd: root });
  made.child.stdin.end(`${login.password}\n`);
  await made;
  return login;
}

export async function openShop(filled = demo) {
  if (!existsSync(BIN)) throw new Error(`no program at ${BIN}`);
  const data = await mkdtemp(path.join(os.tmpdir(), 'tendero-console-'));
  const login = await filled(data);
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = spawn(BIN, ['serve', '--data', data, '--listen', url.slice('http://'.length)],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => { server.once('exit', resolve); });
  let browser;
  const close = async () => {
    await browser?.close();
    server.kill('SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  try {
    await untilReady(url, server);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });  // its own new profile
  } catch (error) {
    await close();
    throw error;
  }
  return { url, login, browser, close };
}

export const axeSource = readFileSync(path.join(root, 'tests/node_modules/axe-core/axe.min.js'), 'utf8');

/* A page that gathers what went wrong in it: thrown errors, and what the console calls an error (a policy
 * that was broken, too). An answer of 401, 404 or 429 is part of some tests. */
export async function openPage(shop, options = {}) {
  const context = await shop.browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (e) => problems.push(`${page.url()}: ${e.message}`));
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (401|404|429)/.test(m.text())) problems.push(`${page.url()}: ${m.text()}`);
  });
  return { page, context, problems };
}

export async function logIn(shop, page) {
  await page.goto(shop.url);
  await page.locator('input[name=email]').fill(shop.login.email);
  await page.locator('input[name=password]').fill(shop.login.password);
  await page.locator('form button[type=submit]').click();
  await page.locator('a.brand').waitFor();
}

/* The API with the page's own session. */
export function call(page, method, where, body) {
  return page.evaluate(async ([m, w, b]) => {
    const session = await (await fetch('/api/v1/session')).json();
    const answer = await fetch(`/api/v1${w}`, {
      method: m, headers: { 'content-type': 'application/json', 'x-csrf-token': session.csrf },
      body: b === undefined ? undefined : JSON.stringify(b),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${m} ${w}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }, [method, where, body]);
}

/* Goes somewhere in a language and waits until the skeletons are gone. */
export async function visit(shop, page, where, language) {
  if (language) await call(page, 'PATCH', '/session', { language });
  await page.goto(shop.url + where);
  await settled(page);
}

export async function settled(page) {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.skeleton'));
}

/* The console's own words, by which the tests find things. */
export const words = Object.fromEntries(['en', 'es'].map((l) =>
  [l, JSON.parse(readFileSync(path.join(root, `console/src/i18n/${l}.json`), 'utf8'))]));
export const say = (language, key) => words[language][key];

/* A picture of the whole page in the folder TENDERO_SHOTS, if that is set. */
export async function shot(page, name) {
  const folder = process.env.TENDERO_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
