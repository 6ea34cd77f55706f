/* What the shop knows about its customers, trait by trait: name, type, rule, purpose. */
import { useState } from 'preact/hooks';
import { patch, seg, type List } from '../api.js';
import type { Rule, TraitSchema, TraitType } from '../api-types.js';
import { forget, useAction, useLoad } from '../data.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { traitName } from '../trait-name.js';
import { announce, Button, Dialog, Empty, ErrorBox, FormEnd, Input, Select, Skeleton, Table, When } from '../ui.js';

const TYPES: TraitType[] = ['text', 'number', 'boolean', 'date', 'list', 'object', 'mixed'];
const RULES: Rule[] = ['latest', 'strongest', 'all'];

function Edit({ trait, onDone, onClose }: { trait: TraitSchema; onDone: () => void; onClose: () => void }) {
  const [en, setEn] = useState(trait.label.en);
  const [es, setEs] = useState(trait.label.es);
  const [type, setType] = useState(trait.type);
  const [rule, setRule] = useState(trait.rule);
  const [purpose, setPurpose] = useState(trait.purpose);
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    const change = { label: { en: en.trim(), es: es.trim() }, type, rule, purpose: purpose.trim() };
    void action.run(() => patch<TraitSchema>(`/traits/${seg(trait.name)}`, change), onDone);
  };
  return (
    <Dialog title={t('traits.edit', { name: trait.name })} onClose={onClose}>
      <form onSubmit={submit}>
        <Input label={t('schema.label_en')} value={en} onInput={(e) => setEn(e.currentTarget.value)} />
        <Input label={t('schema.label_es')} value={es} onInput={(e) => setEs(e.currentTarget.value)} />
        <Select label={t('schema.type')} value={type} onChange={setType} help={t('schema.type_help')}
                options={TYPES.filter((v) => v !== 'mixed' || trait.type === 'mixed').map((v) => ({ value: v, label: t(`type.${v}`) }))} />
        <Select label={t('schema.rule')} value={rule} onChange={setRule} help={t(`rule.${rule}_help`)}
                options={RULES.map((v) => ({ value: v, label: t(`rule.${v}`) }))} />
        <Input label={t('traits.purpose')} help={t('schema.purpose_help')} value={purpose} onInput={(e) => setPurpose(e.currentTarget.value)} />
        <FormEnd action={action} yes={t('action.save')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function Schema() {
  const { data, error, reload } = useLoad<List<TraitSchema>>('/traits');
  const [editing, setEditing] = useState<TraitSchema | null>(null);
  return (
    <section aria-labelledby="schema">
      <h2 id="schema" class="spoken">{t('data.schema')}</h2>
      <p class="muted">{t('schema.text')}</p>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton />}
      {data && !data.items.length && <Empty icon="person" title={t('schema.none')} />}
      {data && data.items.length > 0 && (
        <Table label={t('data.schema')} cards rows={data.items} rowKey={(r) => r.name} columns={[
          { key: 'name', label: t('traits.name'), head: true, cell: (r) => <>{traitName(r.name, r.label)} <code>{r.name}</code></> },
          { key: 'type', label: t('schema.type'), cell: (r) => t(`type.${r.type}`) },
          { key: 'rule', label: t('schema.rule'), cell: (r) => t(`rule.${r.rule}`) },
          { key: 'purpose', label: t('traits.purpose'), cell: (r) => r.purpose || <span class="muted">{t('word.none')}</span> },
          { key: 'customers', label: t('today.customers'), number: true, cell: (r) => number(r.customers) },
          { key: 'since', label: t('people.firstSeen'), cell: (r) => <When at={r.firstSeenAt} /> },
          { key: 'act', label: t('word.actions'), cell: (r) => (
            <Button icon="pen" onClick={() => setEditing(r)} aria-label={t('traits.edit', { name: r.name })}>{t('action.edit')}</Button>) },
        ]} />
      )}
      {editing && <Edit trait={editing} onClose={() => setEditing(null)} onDone={() => {
        setEditing(null);
        forget('/customers');
        announce(t('state.saved'));
        reload();
      }} />}
    </section>
  );
}
