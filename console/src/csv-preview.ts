/* The first rows of a file, enough to show and to map. RFC 4180 quoting; the separator that gives the first
 * line the most columns. A row cut off by the end of the sample is left out. */
export type Sample = { header: string[]; rows: string[][]; separator: string };

export function separatorOf(line: string): string {
  let best = ',';
  for (const candidate of [',', ';', '\t', '|'])
    if (line.split(candidate).length > line.split(best).length) best = candidate;
  return best;
}

export function csvRows(text: string, separator: string, max: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length && rows.length < max; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') { cell += '"'; i++; }
      else quoted = false;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === separator) { row.push(cell); cell = ''; }
    else if (c === '\n') {
      row.push(cell.replace(/\r$/, ''));
      if (row.length > 1 || row[0] !== '') rows.push(row);
      row = [];
      cell = '';
    } else cell += c;
  }
  return rows;
}

export function sampleCsv(text: string, max: number): Sample {
  const clean = text.replace(/^\uFEFF/, '');
  const separator = separatorOf(clean.slice(0, clean.indexOf('\n') + 1 || undefined));
  const [header = [], ...rows] = csvRows(clean.endsWith('\n') ? clean : `${clean}\n`, separator, max + 1);
  return { header, rows, separator };
}

/* Members of the first objects; those of nested ones by their JSON pointer (RFC 6901). */
export function sampleNdjson(text: string, max: number): Sample {
  const found: Record<string, string>[] = [];
  for (const line of text.split('\n').slice(0, max)) {
    try {
      const flat: Record<string, string> = {};
      flatten('', JSON.parse(line), flat);
      found.push(flat);
    } catch {
      // the sample may end inside a line; a broken line is reported by the import itself
    }
  }
  const header = [...new Set(found.flatMap((o) => Object.keys(o)))];
  return { header, rows: found.map((o) => header.map((name) => o[name] ?? '')), separator: '' };
}

function flatten(prefix: string, value: unknown, into: Record<string, string>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [name, v] of Object.entries(value))
      flatten(`${prefix}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, v, into);
  else if (prefix) into[/^\/[^/~]+$/.test(prefix) ? prefix.slice(1) : prefix] = typeof value === 'string' ? value : JSON.stringify(value);
}
