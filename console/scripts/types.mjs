/* Writes src/api-types.ts from the server's own schemas.
 *
 *   npm run types                     from ../src/api/schemas.json
 *   npm run types -- FILE             from a saved /openapi.json (or a map of schemas)
 *   npm run types -- --check [FILE]   only says whether the file is fresh
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './schema-types.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const TARGET = path.join(here, '../src/api-types.ts');
const SOURCE = path.join(here, '../../src/api/schemas.json');

const words = process.argv.slice(2);
const source = words.find((w) => !w.startsWith('--')) ?? SOURCE;
const fresh = generate(JSON.parse(await readFile(source, 'utf8')));
if (!words.includes('--check')) {
  await writeFile(TARGET, fresh);
} else if ((await readFile(TARGET, 'utf8')) !== fresh) {
  console.error('console/src/api-types.ts differs from the schemas: run `npm run types` in console/');
  process.exitCode = 1;
}
