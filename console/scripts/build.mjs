/* Builds console/dist/: index.html, hashed scripts and styles, a .gz beside each file, manifest.json.
 * Fails when the first load (page, style, script, one language, the heavier of login and Today) is above
 * 60 KB compressed or any further page above 40 KB. */
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FIRST_LOAD_MAX = 60 * 1024;
const PAGE_MAX = 40 * 1024;
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const MIME = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
};

process.chdir(root);
await rm(dist, { recursive: true, force: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.tsx', 'src/style.css'],
  outdir: 'dist',
  entryNames: 'assets/[name]-[hash]',
  chunkNames: 'assets/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  metafile: true,
  write: false,
  logLevel: 'warning',
});

const files = new Map();
for (const f of result.outputFiles)
  files.set(path.relative(dist, f.path).split(path.sep).join('/'), Buffer.from(f.contents));
const logo = await readFile('src/logo.svg');
files.set('logo.svg', logo);

const outputs = Object.entries(result.metafile.outputs)
  .map(([file, o]) => ({ ...o, file: file.replace(/^dist\//, '') }));
const byEntry = (entry) => outputs.find((o) => o.entryPoint === entry);
const main = byEntry('src/main.tsx');
const style = byEntry('src/style.css');
if (!main || !style) throw new Error('build: no main script or style in the output');

/* A file and what it imports statically. */
function closure(output, seen = new Set()) {
  if (!output || seen.has(output.file)) return seen;
  seen.add(output.file);
  for (const i of output.imports)
    if (i.kind === 'import-statement')
      closure(outputs.find((o) => `dist/${o.file}` === i.path), seen);
  return seen;
}

const preload = [...closure(main)].filter((f) => f !== main.file)
  .map((f) => `  <link rel="modulepreload" href="/${f}">\n`).join('');
const html = (await readFile('src/index.html', 'utf8'))
  .replace('{{style}}', `/${style.file}`)
  .replace('{{main}}', `/${main.file}`)
  .replace('  {{preload}}\n', preload);
files.set('index.html', Buffer.from(html));

const packed = new Map();
for (const [name, bytes] of files) packed.set(name, gzipSync(bytes, { level: 9 }));
const weigh = (names) => [...names].reduce((sum, n) => sum + packed.get(n).length, 0);

const pages = outputs.filter((o) => o.entryPoint?.startsWith('src/pages/'));
const languages = outputs.filter((o) => /^src\/i18n\/..\.ts$/.test(o.entryPoint ?? ''));
const basis = closure(main);
basis.add('index.html').add(style.file);
const heaviestLanguage = Math.max(...languages.map((o) => weigh(closure(o))));
const extra = (o) => weigh([...closure(o)].filter((f) => !basis.has(f)));
const landing = Math.max(...pages.filter((o) => /\/(today|login)\.tsx$/.test(o.entryPoint)).map(extra));
const first = weigh(basis) + heaviestLanguage + landing;

await mkdir(path.join(dist, 'assets'), { recursive: true });
const manifest = { fallback: 'index.html', files: [] };
for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
  await writeFile(path.join(dist, name), bytes);
  await writeFile(path.join(dist, `${name}.gz`), packed.get(name));
  manifest.files.push({
    path: name, type: MIME[path.extname(name)], bytes: bytes.length, gzip: packed.get(name).length,
    immutable: name.startsWith('assets/'),
  });
}
await writeFile(path.join(dist, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);

const kb = (n) => `${(n / 1024).toFixed(1).padStart(6)} KB`;
console.log(`console: compressed sizes\n  first load  ${kb(first)}  (at most ${kb(FIRST_LOAD_MAX).trim()})`);
let failed = first > FIRST_LOAD_MAX;
for (const o of pages) {
  const size = extra(o);
  console.log(`  ${path.basename(o.entryPoint, '.tsx').padEnd(10)}  ${kb(size)}`);
  if (size > PAGE_MAX) failed = true;
}
if (failed) {
  console.error('console: too heavy: see the sizes above');
  process.exit(1);
}
