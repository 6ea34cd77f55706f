/* Sentences of the value models in the reader's language: src/engine/clv/fit.c and src/insight/valuation*.c say them
 * in English. What the table does not have stays as it came. */
import { language } from '../i18n.js';

const PEAK = 'The likelihood has its peak here.';
export const SPANISH: Record<string, string> = {
  [PEAK]: 'La verosimilitud tiene aquí su máximo.',
  'The likelihood is flat in one direction: the data do not tell some parameters apart. What the model predicts is to be trusted more than they are.':
    'La verosimilitud es plana en una dirección: los datos no distinguen algunos parámetros. Fíese de lo que el modelo predice más que de ellos.',
  'The search has not ended: the likelihood still rises where it stopped.':
    'La búsqueda no ha terminado: la verosimilitud aún sube donde se detuvo.',
  'the likelihood is no number: nothing can be learnt from these customers':
    'la verosimilitud no es un número: de estos clientes no se puede aprender nada',
  'nobody bought a second time: there is nothing to learn from': 'nadie ha comprado por segunda vez: no hay de qué aprender',
  'Nobody has spent anything: all are taken to spend the same.': 'Nadie ha gastado nada: se supone que todos gastan lo mismo.',
  'nobody has bought on two days yet: there is nothing to learn from': 'nadie ha comprado aún en dos días: no hay de qué aprender',
  'there are no orders yet: import some first': 'todavía no hay pedidos: importe antes algunos',
};

const known = (text: string): string | undefined => (language.value === 'es' ? SPANISH[text] : undefined);
export const said = (text: string): string => known(text) ?? text;
/* In which language that is, for those who hear it. */
export const saidLang = (text: string): 'en' | 'es' => (known(text) === undefined ? 'en' : 'es');

/* bad: it was not found; warn: it was, and its parameters may be others all the same. */
export const healthOf = (converged: boolean, diagnosis: string): 'good' | 'warn' | 'bad' =>
  !converged ? 'bad' : diagnosis === PEAK ? 'good' : 'warn';
