/* From a file's columns to the mapping that the importer asks for (docs/IMPORT.md), and first guesses. */
export const MEANINGS = ['skip', 'userId', 'anonymousId', 'messageId', 'timestamp', 'event', 'trait',
  'property'] as const;
export type Meaning = (typeof MEANINGS)[number];
export type Subject = 'customers' | 'events' | 'products';
export const PRODUCT_MEANINGS = ['skip', 'id', 'title', 'category', 'price', 'stock', 'description'] as const;
export type ProductMeaning = (typeof PRODUCT_MEANINGS)[number];
export type Choice = { column: string; meaning: Meaning | ProductMeaning };

const HINTS: [RegExp, Meaning][] = [
  [/^(customer|user|client|kunde|cliente)[ _-]?(id|no|number)?$|^userid$|^id$/i, 'userId'],
  [/^anonymous/i, 'anonymousId'], [/^message[ _-]?id$|^order[ _-]?(id|no)$|^invoice/i, 'messageId'],
  [/date|time|fecha|^at$|timestamp/i, 'timestamp'], [/^event/i, 'event'],
];
const PRODUCT_HINTS: [RegExp, ProductMeaning][] = [
  [/^(id|sku|code|product[ _-]?id|stock[ _-]?code)$/i, 'id'], [/title|name|nombre|t[ií]tulo/i, 'title'],
  [/categ/i, 'category'], [/price|precio/i, 'price'], [/stock|quantity|existencias/i, 'stock'],
  [/descri/i, 'description'],
];

export function guess(column: string, subject: Subject): Choice['meaning'] {
  if (subject === 'products') return PRODUCT_HINTS.find(([re]) => re.test(column))?.[1] ?? 'skip';
  const found = HINTS.find(([re]) => re.test(column))?.[1];
  if (found && (subject === 'events' || (found !== 'event' && found !== 'messageId'))) return found;
  return subject === 'events' ? 'property' : 'trait';
}

export function meaningsOf(subject: Subject): readonly Choice['meaning'][] {
  if (subject === 'products') return PRODUCT_MEANINGS;
  return subject === 'events' ? MEANINGS
    : MEANINGS.filter((m) => m !== 'event' && m !== 'property' && m !== 'messageId');
}

/* One member per meaning; traits and properties keep their column's name. */
export function mappingOf(subject: Subject, event: string, choices: Choice[]): Record<string, unknown> {
  const mapping: Record<string, unknown> = { kind: subject };
  if (subject === 'events' && event && !choices.some((c) => c.meaning === 'event'))
    mapping['eventName'] = event;
  const groups: Record<string, Record<string, string>> = {};
  for (const { column, meaning } of choices) {
    if (meaning === 'skip') continue;
    if (meaning === 'trait' || meaning === 'property')
      (groups[meaning === 'trait' ? 'traits' : 'properties'] ??= {})[column] = column;
    else mapping[meaning] = column;
  }
  return { ...mapping, ...groups };
}
