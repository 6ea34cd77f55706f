/* Sentences of the rules' engine in the reader's language: the server says them in English, as the command line does. What the
 * table does not have stays as it came. */
import { language } from '../i18n.js';

const KINDS: Record<string, string> = {
  'a date and time': 'una fecha con hora', 'a years and months duration': 'una duración en años y meses',
  'a days and time duration': 'una duración en días y horas', 'a boolean': 'un sí o no', 'a number': 'un número',
  'a string': 'un texto', 'a date': 'una fecha', 'a time': 'una hora', 'a list': 'una lista', 'a context': 'un objeto',
  'a range': 'un rango', 'a function': 'una función', null: 'nada',
};
const KIND = `(${Object.keys(KINDS).join('|')})`;
const kind = (words: string): string => KINDS[words] ?? words;
const PARTS: Record<string, string> = {
  decision: 'decisión', 'knowledge model': 'modelo de conocimiento', service: 'servicio', input: 'entrada', rule: 'regla', output: 'salida',
};
const PART = new RegExp(`^(${Object.keys(PARTS).join('|')}) `);

type Sentence = [RegExp, (m: string[]) => string];
const SENTENCES: Sentence[] = [
  [/^line (\d+), column (\d+): ([^]*)$/, (m) => `línea ${m[1]}, columna ${m[2]}: ${spanish(m[3]!)}`],
  [new RegExp(`^'(.+)' has no meaning between ${KIND} and ${KIND}$`), (m) => `'${m[1]}' no tiene sentido entre ${kind(m[2]!)} y ${kind(m[3]!)}`],
  [new RegExp(`^'(.+)' has no meaning before ${KIND}$`), (m) => `'${m[1]}' no tiene sentido delante de ${kind(m[2]!)}`],
  [/^'(.+)' has no result for these numbers$/, (m) => `'${m[1]}' no da nada con estos números`],
  [new RegExp(`^${KIND} has no '(.+)'$`), (m) => `${kind(m[1]!)} no tiene '${m[2]}'`],
  [new RegExp(`^a condition is true or false, not ${KIND}$`), (m) => `una condición es verdadera o falsa, no ${kind(m[1]!)}`],
  [new RegExp(`^'(and|or)' joins true and false, not ${KIND}$`), (m) => `'${m[1]}' une verdadero y falso, no ${kind(m[2]!)}`],
  [/^(.+)\(\) does not take (\d+) arguments$/, (m) => `${m[1]}() no lleva ${m[2]} argumentos`],
  [new RegExp(`^(.+)\\(\\) wants ${KIND}$`), (m) => `${m[1]}() pide ${kind(m[2]!)}`],
  [/^(.+)\(\) wants a list of numbers$/, (m) => `${m[1]}() pide una lista de números`],
  [/^what this gives is never of the type that is declared$/, () => 'lo que da no es nunca del tipo declarado'],
  [/^this is neither true nor false of anybody: it gives something else$/, () => 'esto no es verdadero ni falso para nadie: da otra cosa'],
  [/^rule (\d+), (input|output) (\d+): ([^]+) is not of its type$/, (m) => `${PARTS[m[2]!]} ${m[3]}: ${m[4]} no es de su tipo`],
  [/^nothing is called '(.+?)'(?:; '(.+)' is)?$/, (m) => `nada se llama '${m[1]}'${m[2] ? `; '${m[2]}', sí` : ''}`],
  [/^'(.+)' has no property '(.+?)'(?:; '(.+)' is one)?$/, (m) => `'${m[1]}' no tiene la propiedad '${m[2]}'${m[3] ? `; '${m[3]}', sí` : ''}`],
  [/^there is no (audience|trait) '(.+)'$/, (m) => `no hay ${m[1] === 'audience' ? 'ningún público' : 'ningún dato'} '${m[2]}'`],
];

function spanish(said: string): string {
  for (const [pattern, words] of SENTENCES) {
    const m = pattern.exec(said);
    if (m) return words(m);
  }
  return said;
}

export const spoken = (said: string): string => (language.value === 'es' ? spanish(said) : said);

/* "decision 'Approval', rule 3, input 2" */
export function spokenPlace(element: string): string {
  if (language.value !== 'es') return element;
  return element.split(', ').map((part) => part.replace(PART, (_, word: string) => `${PARTS[word]} `)).join(', ');
}
