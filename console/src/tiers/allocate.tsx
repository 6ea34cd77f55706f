/* Whom to spend a budget on: treatments with their costs, and the answer with what the next unit would be worth. */
import { useState } from 'preact/hooks';
import { post, query, seg } from '../api.js';
import type { Allocation, AllocationAsk, AllocationTreatment, ValueTierName, ValueTierRow } from '../api-types.js';
import { useAction } from '../data.js';
import { money, number } from '../format.js';
import { pick, t } from '../i18n.js';
import { personName } from '../pages/people.js';
import { announce, Button, ErrorBox, Field, Figure, Input, Note, Select, Table } from '../ui.js';

type Draft = { key: number; name: string; cost: string; gain: string; tier: ValueTierName | ''; places: string; condition: string };
const TREATMENTS_MAX = 16;
let made = 0;
const draft = (name: string, cost: string, gain: string, tier: Draft['tier'] = ''): Draft =>
  ({ key: made++, name, cost, gain, tier, places: '', condition: '' });

const amount = (words: string): number => Number(words.replace(',', '.'));

/* Each treatment is a channel of its own: its places are that channel's. */
function askOf(budget: string, contacts: string, drafts: Draft[]): AllocationAsk {
  return {
    ...(budget ? { budget: amount(budget) } : {}), ...(contacts ? { contacts: Number(contacts) } : {}),
    channels: drafts.map((d) => ({ name: d.name, ...(d.places ? { capacity: Number(d.places) } : {}) })),
    treatments: drafts.map((d) => ({
      name: d.name, channel: d.name, cost: amount(d.cost), ...(d.condition.trim() ? { condition: d.condition } : {}),
      effect: d.tier ? { [d.tier]: amount(d.gain) / 100 } : amount(d.gain) / 100,
    })),
  };
}

function TreatmentForm({ of, tiers, change, remove }: {
  of: Draft; tiers: ValueTierRow[]; change: (part: Partial<Draft>) => void; remove: (() => void) | null;
}) {
  return (
    <fieldset class="treatment">
      <legend>{of.name || t('tiers.treatment')}</legend>
      <div class="form-row">
        <Input label={t('tiers.treatment_name')} required maxLength={100} value={of.name} onInput={(e) => change({ name: e.currentTarget.value })} />
        <Input label={t('tiers.cost')} required inputMode="decimal" value={of.cost} onInput={(e) => change({ cost: e.currentTarget.value })} />
        <Input label={t('tiers.gain')} required inputMode="decimal" value={of.gain} onInput={(e) => change({ gain: e.currentTarget.value })} />
        <Select label={t('tiers.gain_of')} value={of.tier} onChange={(tier) => change({ tier })}
                options={[{ value: '', label: t('tiers.all') }, ...tiers.map((r) => ({ value: r.tier, label: pick(r.label) }))]} />
        <Input label={t('tiers.places')} type="number" min={0} value={of.places} onInput={(e) => change({ places: e.currentTarget.value })} />
      </div>
      <Field label={t('tiers.condition')} wide>
        {(ids) => <input {...ids} class="code" spellcheck={false} value={of.condition} onInput={(e) => change({ condition: e.currentTarget.value })} />}
      </Field>
      {remove && <Button look="quiet" icon="bin" aria-label={`${t('action.remove')}: ${of.name}`} onClick={remove}>{t('action.remove')}</Button>}
    </fieldset>
  );
}

/* The next unit of money: worth more than itself, or not. */
function Verdict({ of }: { of: Allocation }) {
  if (of.budget === null || of.moneyWorth === 0) return <Note tone="info">{t('tiers.enough')}</Note>;
  const worth = money(of.moneyWorth), one = money(1);
  return of.moneyWorth >= 1 ? <Note tone="good"><strong>{t('tiers.worth_more', { one, worth })}</strong></Note>
    : <Note tone="warn"><strong>{t('tiers.worth_less', { one, worth })}</strong></Note>;
}

function Treatment({ of, id, tiers }: { of: AllocationTreatment; id: string; tiers: ValueTierRow[] }) {
  const label = (tier: ValueTierName) => pick(tiers.find((r) => r.tier === tier)?.label);
  const href = `/api/v1/allocations/${seg(id)}/export${query({ treatment: of.name })}`;
  return (
    <section class="sheet">
      <div class="sheet-head"><h3>{of.name}</h3>{of.customers > 0 && <a class="button" href={href} download>{t('tiers.csv')}</a>}</div>
      <p>{t('tiers.treatment_text', { n: of.customers, value: money(of.value), cost: money(of.cost) })}</p>
      {of.customers > 0 && (
        <>
          <p class="muted">{of.tiers.filter((r) => r.customers).map((r) => `${label(r.tier)}: ${number(r.customers)}`).join(' · ')}</p>
          <Table label={t('tiers.sample')} cards rows={of.sample} rowKey={(c) => c.customer.id} columns={[
            { key: 'name', label: t('people.name'), head: true, cell: (c) => <a class="row-link" href={`/people/${c.customer.id}`}>{personName(c.customer)}</a> },
            { key: 'tier', label: t('tiers.tier'), cell: (c) => label(c.tier) },
            { key: 'value', label: t('tiers.gains'), number: true, cell: (c) => money(c.value) },
          ]} />
        </>
      )}
    </section>
  );
}

function Answer({ of, tiers }: { of: Allocation; tiers: ValueTierRow[] }) {
  const scarce = of.channels.filter((c) => c.worth > 0);
  return (
    <div class="allocation" aria-live="polite">
      <Verdict of={of} />
      <dl class="figures ledger">
        <Figure label="tiers.gains" value={money(of.value)} note={t('tiers.gap', { gap: money(of.gap) })} />
        <Figure label="tiers.spent" value={money(of.cost)} />
        <Figure label="tiers.reached" value={number(of.contacts)} note={t('tiers.of_people', { n: number(of.people) })} />
        {of.contactsMost !== null && <Figure label="tiers.next_contact" value={money(of.contactWorth)} />}
      </dl>
      {scarce.length > 0 && (
        <ul class="plain-list">
          {scarce.map((c) => <li key={c.name}>{t('tiers.next_place', { name: c.name, worth: money(c.worth) })}</li>)}
        </ul>
      )}
      <div class="two">{of.treatments.map((one) => <Treatment key={one.name} of={one} id={of.id} tiers={tiers} />)}</div>
    </div>
  );
}

export function Allocate({ tiers }: { tiers: ValueTierRow[] }) {
  const [budget, setBudget] = useState('1000');
  const [contacts, setContacts] = useState('');
  const [drafts, setDrafts] = useState<Draft[]>(() => [
    draft(t('tiers.example_call'), '6', '10', 'most_growable'), draft(t('tiers.example_letter'), '1', '1'),
  ]);
  const [answer, setAnswer] = useState<Allocation | null>(null);
  const action = useAction();
  const change = (key: number, part: Partial<Draft>) => setDrafts(drafts.map((d) => (d.key === key ? { ...d, ...part } : d)));
  const run = () => action.run(() => post<Allocation>('/allocations', askOf(budget, contacts, drafts)), (a) => {
    setAnswer(a);
    announce(t('tiers.allocated', { n: a.contacts }));
  });
  return (
    <section class="sheet" aria-labelledby="allocate">
      <h2 id="allocate">{t('tiers.allocate')}</h2>
      <p>{t('tiers.allocate_text')}</p>
      <form onSubmit={(e) => { e.preventDefault(); void run(); }}>
        <div class="form-row">
          <Input label={t('tiers.budget')} inputMode="decimal" value={budget} onInput={(e) => setBudget(e.currentTarget.value.trim())} />
          <Input label={t('tiers.contacts_most')} type="number" min={0} value={contacts} onInput={(e) => setContacts(e.currentTarget.value)} />
        </div>
        {drafts.map((d) => (
          <TreatmentForm key={d.key} of={d} tiers={tiers} change={(part) => change(d.key, part)}
                         remove={drafts.length > 1 ? () => setDrafts(drafts.filter((o) => o.key !== d.key)) : null} />
        ))}
        <ErrorBox error={action.error} />
        <div class="actions">
          {drafts.length < TREATMENTS_MAX && (
            <Button icon="plus" onClick={() => setDrafts([...drafts, draft('', '1', '1')])}>{t('tiers.add_treatment')}</Button>)}
          <Button type="submit" look="main" busy={action.busy}>{t('tiers.allocate_run')}</Button>
        </div>
      </form>
      {answer && <Answer of={answer} tiers={tiers} />}
    </section>
  );
}
