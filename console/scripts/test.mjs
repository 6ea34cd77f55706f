/* Bundles test/*.test.ts and hands them to node's own test runner. */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const names = (await readdir(path.join(root, 'test'))).filter((f) => f.endsWith('.test.ts'));
const out = await mkdtemp(path.join(os.tmpdir(), 'tendero-console-'));
try {
  await build({
    absWorkingDir: root, entryPoints: names.map((f) => `test/${f}`), outdir: out, outExtension: { '.js': '.mjs' },
    bundle: true, format: 'esm', platform: 'node', target: 'node18', jsx: 'automatic', jsxImportSource: 'preact',
    define: { CONSOLE_ROOT: JSON.stringify(root) }, logLevel: 'warning',
  });
  const help = spawnSync(process.execPath, ['--help'], { encoding: 'utf8' }).stdout;
  const reporter = help.includes('--test-reporter') ? ['--test-reporter=tap'] : [];
  const files = names.map((f) => path.join(out, f.replace(/\.ts$/, '.mjs')));
  const run = spawnSync(process.execPath, ['--test', ...reporter, ...files], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
} finally {
  await rm(out, { recursive: true, force: true });
}
