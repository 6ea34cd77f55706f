/* The table as it stands, tried on a case, on a customer. */
import { useState } from 'preact/hooks';
import { post, seg } from '../api.js';
import type { ModelDecided, ModelElement, Sheet } from '../api-types.js';
import { FindCustomer } from '../customer/find.js';
import { useAction } from '../data.js';
import { t } from '../i18n.js';
import { personName } from '../pages/people.js';
import { Button, ErrorBox, Input, Value } from '../ui.js';

/* Numbers, true and lists as JSON has them; everything else is text, as people write it. */
function valueOf(typed: string): unknown {
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}

export type Tried = { who: string; answer: ModelDecided };

export function Try({ id, sheet, elements, tried, onTried }: {
  id: string; sheet: Sheet; elements: ModelElement[]; tried: Tried | null; onTried: (tried: Tried) => void;
}) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const action = useAction();
  const inputs = elements.filter((e) => e.kind === 'input');
  const ask = (who: string, about: { input: Record<string, unknown> } | { customer: string }) =>
    void action.run(() => post<ModelDecided>(`/models/${seg(id)}/decide`, { decision: sheet.decision, table: sheet, ...about }),
      (answer) => onTried({ who, answer }));
  const submit = (e: Event) => {
    e.preventDefault();
    const given = Object.entries(typed).filter(([, value]) => value.trim() !== '');
    ask(t('rules.this_case'), { input: Object.fromEntries(given.map(([name, value]) => [name, valueOf(value.trim())])) });
  };
  return (
    <section class="sheet" aria-labelledby="try">
      <h2 id="try">{t('rules.try')}</h2>
      <form onSubmit={submit} class="rules-case">
        {inputs.map((e) => (
          <Input key={e.name} label={e.name} value={typed[e.name] ?? ''} autocomplete="off"
                 onInput={(ev) => setTyped({ ...typed, [e.name]: ev.currentTarget.value })} />
        ))}
        <Button type="submit" busy={action.busy}>{t('rules.decide')}</Button>
      </form>
      <FindCustomer label={t('rules.try_customer')} not="" onChoose={(c) => ask(personName(c), { customer: c.id })} />
      <ErrorBox error={action.error} />
      {tried && (
        <div role="status" class="rules-answer">
          <p><b>{tried.who}</b>: <Value of={tried.answer.value} /></p>
          <p class="muted">{tried.answer.hits.length ? t('rules.by_rules', { rules: tried.answer.hits.join(', ') }) : t('rules.no_hit')}</p>
          {tried.answer.notes.map((note, i) => <p key={i} class="help">{note}</p>)}
        </div>
      )}
    </section>
  );
}
