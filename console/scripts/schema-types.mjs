/* JSON Schema, as OpenAPI 3.1 uses it, to TypeScript: $ref, type (also a list of types), enum, const,
 * properties, required, items, additionalProperties, oneOf, anyOf, allOf. */
const BASIC = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' };
const name = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));
const join = (parts, sign) => {
  const once = [...new Set(parts)];
  return once.length === 1 ? once[0] : once.map((p) => (p.includes(' | ') && sign === ' & ' ? `(${p})` : p)).join(sign);
};

function objectType(schema, indent) {
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? Object.keys(schema.properties ?? {}));
  const members = Object.entries(schema.properties ?? {}).map(([key, value]) =>
    `${inner}${name(key)}${required.has(key) ? '' : '?'}: ${typeOf(value, inner)};`);
  const rest = schema.additionalProperties;
  if (!members.length) return `Record<string, ${rest && rest !== true ? typeOf(rest, indent) : 'unknown'}>`;
  return `{\n${members.join('\n')}\n${indent}}`;
}

export function typeOf(schema, indent = '') {
  if (schema === true || schema === undefined || Object.keys(schema).length === 0) return 'unknown';
  if (schema.$ref) return schema.$ref.split('/').pop();
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return join(schema.enum.map((v) => JSON.stringify(v)), ' | ');
  if (schema.oneOf ?? schema.anyOf) return join((schema.oneOf ?? schema.anyOf).map((s) => typeOf(s, indent)), ' | ');
  if (schema.allOf) {
    const parts = schema.allOf.map((s) => typeOf(s, indent));
    if (schema.properties) parts.push(objectType(schema, indent));
    return join(parts, ' & ');
  }
  if (Array.isArray(schema.type))
    return join(schema.type.map((type) => typeOf({ ...schema, type }, indent)), ' | ');
  if (schema.type === 'array') {
    const item = typeOf(schema.items, indent);
    return /[|&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.type === 'object' || schema.properties) return objectType(schema, indent);
  return BASIC[schema.type] ?? 'unknown';
}

export function generate(document) {
  const schemas = document.components?.schemas ?? document;
  const lines = ['/* The shapes of docs/API.md. Written by `npm run types`; do not edit by hand. */'];
  for (const [key, schema] of Object.entries(schemas)) {
    if (key.startsWith('$') || typeof schema !== 'object') continue;
    lines.push(`export type ${key} = ${typeOf(schema)};`);
  }
  return `${lines.join('\n')}\n`;
}
