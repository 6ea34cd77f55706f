/* From a file's columns to the mapping that the importer asks for (docs/IMPORT.md), and first guesses. */
export type Subject = 'raw' | 'event' | 'customer' | 'product';
export type FieldType = 'text' | 'number' | 'boolean' | 'date' | 'json';
const IDENTITY = ['userId', 'anonymousId', 'email', 'groupId'] as const;
const EVENT = [...IDENTITY, 'timestamp', 'event', 'messageId', 'property'] as const;
const CUSTOMER = [...IDENTITY, 'timestamp', 'trait'] as const;
const PRODUCT = ['id', 'title', 'category', 'price', 'stock', 'description', 'kind', 'url', 'imageUrl'] as const;
export type Meaning = 'skip' | (typeof EVENT)[number] | (typeof CUSTOMER)[number] | (typeof PRODUCT)[number];
export type Choice = { column: string; meaning: Meaning; type: FieldType };

const HINTS: [RegExp, Meaning][] = [
  [/^(customer|user|client|cliente)[ _-]?(id|no|number)?$|^id$/i, 'userId'],
  [/^anonymous/i, 'anonymousId'], [/^e?-?mail$|^correo/i, 'email'], [/^group[ _-]?id$|^company[ _-]?id$/i, 'groupId'],
  [/^(message|order|invoice)[ _-]?(id|no|number)$/i, 'messageId'],
  [/date|time|fecha|^at$/i, 'timestamp'], [/^event/i, 'event'],
];
const PRODUCT_HINTS: [RegExp, Meaning][] = [
  [/image|imagen|foto/i, 'imageUrl'], [/^(ur[li]|link|enlace)$/i, 'url'],
  [/^(id|sku|code|c[oó]digo|product[ _-]?id|stock[ _-]?code)$/i, 'id'], [/title|name|nombre|t[ií]tulo/i, 'title'],
  [/categ/i, 'category'], [/price|precio/i, 'price'], [/stock|quantity|existencias/i, 'stock'],
  [/descri/i, 'description'], [/^kind$|^type$|^tipo$/i, 'kind'],
];

export function meaningsOf(subject: Subject): readonly Meaning[] {
  if (subject === 'product') return ['skip', ...PRODUCT];
  return ['skip', ...(subject === 'event' ? EVENT : CUSTOMER)];
}

export function guess(column: string, subject: Subject): Meaning {
  const bare = column.slice(column.lastIndexOf('/') + 1);
  const hints = subject === 'product' ? PRODUCT_HINTS : HINTS;
  const found = hints.find(([pattern]) => pattern.test(bare))?.[1];
  if (found && meaningsOf(subject).includes(found)) return found;
  return subject === 'product' ? 'skip' : subject === 'event' ? 'property' : 'trait';
}

/* From the first values; empty ones say nothing. */
export function guessType(values: string[]): FieldType {
  const said = values.filter((v) => v !== '');
  if (!said.length) return 'text';
  if (said.every((v) => /^-?(0|[1-9]\d*)(\.\d+)?$/.test(v))) return 'number';
  if (said.every((v) => v === 'true' || v === 'false')) return 'boolean';
  if (said.every((v) => /^\d{4}-\d\d-\d\d(T|$)/.test(v))) return 'date';
  if (said.every((v) => /^[[{]/.test(v))) return 'json';
  return 'text';
}

/* The mapping, or null for lines that are events as a client sends them. A column holds one thing; where two
 * were given the same meaning, the last counts. */
export function mappingOf(subject: Subject, separator: string, eventName: string,
                          choices: Choice[]): Record<string, unknown> | null {
  if (subject === 'raw') return null;
  const mapping: Record<string, unknown> = { as: subject };
  if (separator && separator !== ',') mapping['separator'] = separator;
  if (subject === 'event' && eventName) mapping['event'] = eventName;
  const members: Record<string, unknown> = {};
  for (const { column, meaning, type } of choices) {
    if (meaning === 'skip') continue;
    const bare = column.slice(column.lastIndexOf('/') + 1);
    if (meaning === 'trait' || meaning === 'property')
      members[bare] = type === 'text' ? { from: column } : { from: column, type };
    else if (subject === 'product') members[meaning] = { from: column };
    else mapping[meaning] = { from: column };
  }
  const member = subject === 'event' ? 'properties' : subject === 'customer' ? 'traits' : 'product';
  if (Object.keys(members).length) mapping[member] = members;
  return mapping;
}
