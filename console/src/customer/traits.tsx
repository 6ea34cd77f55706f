/* What is known about the customer, and from where. */
import { useState } from 'preact/hooks';
import { patch, seg, type List } from '../api.js';
import type { Customer, Trait, TraitValue } from '../api-types.js';
import { useAction, useLoad } from '../data.js';
import { dateTime } from '../format.js';
import { t } from '../i18n.js';
import { traitName } from '../trait-name.js';
import { Button, Chip, Dialog, Empty, ErrorBox, Field, FormEnd, IconButton, Input, Skeleton, Table, Value, When } from '../ui.js';

type Update = (c: Customer) => void;

function History({ customer, trait, onClose }: { customer: string; trait: Trait; onClose: () => void }) {
  const { data, error } = useLoad<List<TraitValue>>(
    `/customers/${seg(customer)}/traits/${seg(trait.name)}/history`);
  return (
    <Dialog wide title={t('traits.history_of', { name: traitName(trait.name, trait.label) })} onClose={onClose}>
      <ErrorBox error={error} />
      {!data && !error && <Skeleton />}
      {data && (
        <Table label={t('traits.history')} rows={data.items} rowKey={(r) => `${r.fact} ${r.time} ${r.source}`} columns={[
          { key: 'value', label: t('traits.value'), head: true, cell: (r) => <Value of={r.value} /> },
          { key: 'time', label: t('traits.time'), cell: (r) => dateTime(r.time) },
          { key: 'source', label: t('word.source'), cell: (r) => r.source },
          { key: 'from', label: t('traits.provenance'), cell: (r) => t(`provenance.${r.provenance}`) },
        ]} />
      )}
    </Dialog>
  );
}

/* Text stays text; what is typed for another type must be of that type. Null when it is not. */
export function parseTyped(typed: string, type: Trait['type']): { value: unknown } | null {
  if (type === 'text' || type === 'date') return { value: typed };
  if (type === 'number') return typed.trim() && !isNaN(Number(typed)) ? { value: Number(typed) } : null;
  if (type === 'boolean') return typed === 'true' || typed === 'false' ? { value: typed === 'true' } : null;
  try {
    return { value: JSON.parse(typed) as unknown };
  } catch {
    return type === 'mixed' ? { value: typed } : null;
  }
}

function Edit({ customer, trait, update, onClose }: {
  customer: string; trait: Trait | null; update: Update; onClose: () => void;
}) {
  const start = trait ? (typeof trait.value === 'string' ? trait.value : JSON.stringify(trait.value)) : '';
  const [name, setName] = useState(trait?.name ?? '');
  const [typed, setTyped] = useState(start);
  const [wrong, setWrong] = useState(false);
  const action = useAction();
  const save = (value: unknown) => void action.run(
    () => patch<Customer>(`/customers/${seg(customer)}/traits`, { [name.trim()]: value }),
    (c) => { update(c); onClose(); });
  const submit = (e: Event) => {
    e.preventDefault();
    const parsed = parseTyped(typed, trait?.type ?? 'text');
    setWrong(!parsed);
    if (parsed && name.trim()) save(parsed.value);
  };
  return (
    <Dialog title={trait ? t('traits.edit', { name: traitName(trait.name, trait.label) }) : t('traits.add')} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{t('traits.edit_text')}</p>
        {!trait && <Input label={t('traits.name')} value={name} required help={t('traits.name_help')}
                          onInput={(e) => setName(e.currentTarget.value)} />}
        {trait?.type === 'boolean' ? (
          <Field label={t('traits.value')}>{(ids) => (
            <select {...ids} value={typed} onChange={(e) => setTyped(e.currentTarget.value)}>
              <option value="true">{t('word.yes')}</option><option value="false">{t('word.no')}</option>
            </select>)}</Field>
        ) : (
          <Input label={t('traits.value')} value={typed} error={wrong ? t('traits.wrong', { type: t(`type.${trait?.type ?? 'text'}`) }) : null}
                 inputMode={trait?.type === 'number' ? 'decimal' : 'text'} onInput={(e) => setTyped(e.currentTarget.value)} />
        )}
        <FormEnd action={action} yes={t('action.save')} onClose={onClose}>
          {trait && <Button look="danger" busy={action.busy} onClick={() => save(null)}>{t('traits.take_back')}</Button>}
        </FormEnd>
      </form>
    </Dialog>
  );
}

export function Traits({ customer, update }: { customer: Customer; update: Update }) {
  const [open, setOpen] = useState<{ what: 'edit' | 'history'; trait: Trait | null } | null>(null);
  return (
    <section class="sheet" aria-labelledby="traits">
      <div class="sheet-head">
        <h2 id="traits">{t('traits.title')}</h2>
        <Button look="quiet" icon="plus" onClick={() => setOpen({ what: 'edit', trait: null })}>{t('traits.add')}</Button>
      </div>
      {!customer.traits.length && <Empty icon="person" title={t('traits.none')} />}
      <ul class="traits">
        {customer.traits.map((trait) => {
          const label = traitName(trait.name, trait.label);
          return (
            <li key={trait.name}>
              <div class="trait">
                <span class="trait-name">{label}</span>
                <div class="trait-value"><Value of={trait.value} /></div>
                <span class="trait-buttons">
                  <IconButton icon="pen" label={t('traits.edit', { name: label })} onClick={() => setOpen({ what: 'edit', trait })} />
                  <IconButton icon="clock" label={t('traits.history_of', { name: label })} onClick={() => setOpen({ what: 'history', trait })} />
                </span>
              </div>
              <p class="origin">
                <Chip>{t(`provenance.${trait.provenance}`)}</Chip> {trait.source} · <When at={trait.time} />
                {trait.purpose && <> · {t('traits.purpose')}: {trait.purpose}</>}
              </p>
              {trait.others.length > 0 && (
                <details><summary>{t('traits.others', { n: trait.others.length })}</summary>
                  <ul class="plain-list">
                    {trait.others.map((o) => (
                      <li key={`${o.source} ${o.time}`}><Value of={o.value} /> <span class="muted">{t(`provenance.${o.provenance}`)} · {o.source} · <When at={o.time} /></span></li>
                    ))}
                  </ul>
                </details>
              )}
            </li>
          );
        })}
      </ul>
      {open?.what === 'edit' && <Edit customer={customer.id} trait={open.trait} update={update} onClose={() => setOpen(null)} />}
      {open?.what === 'history' && open.trait && <History customer={customer.id} trait={open.trait} onClose={() => setOpen(null)} />}
    </section>
  );
}
