/* What is done for the customers of a value tier. */
import { useState } from 'preact/hooks';
import { put, seg } from '../api.js';
import type { TierPlanPut, TiersPage, ValueTierRow } from '../api-types.js';
import { useAction } from '../data.js';
import { dateTime } from '../format.js';
import { pick, t } from '../i18n.js';
import { announce, Dialog, FormEnd, Input, Select } from '../ui.js';

const SERVICES = ['self', 'standard', 'priority', 'personal'] as const;

export function PlanDialog({ row, onDone, onClose }: { row: ValueTierRow; onDone: (page: TiersPage) => void; onClose: () => void }) {
  const [plan, setPlan] = useState<TierPlanPut>({
    contactsPerMonth: row.plan.contactsPerMonth, service: row.plan.service, manager: row.plan.manager, discountMost: row.plan.discountMost,
  });
  const action = useAction();
  const change = (part: Partial<TierPlanPut>) => setPlan({ ...plan, ...part });
  const save = () => action.run(() => put<TiersPage>(`/tiers/${seg(row.tier)}/plan`, plan), (page) => {
    announce(t('state.saved'));
    onDone(page);
  });
  return (
    <Dialog title={t('tiers.plan_of', { tier: pick(row.label) })} onClose={onClose}>
      <form onSubmit={(e) => { e.preventDefault(); void save(); }}>
        <Input label={t('tiers.contacts')} help={t('tiers.contacts_help')} type="number" min={0} max={31} required
               value={plan.contactsPerMonth} onInput={(e) => change({ contactsPerMonth: Number(e.currentTarget.value) })} />
        <Select label={t('tiers.service')} value={plan.service} onChange={(service) => change({ service })}
                options={SERVICES.map((s) => ({ value: s, label: t(`tiers_service.${s}`) }))} />
        <Select label={t('tiers.manager')} value={plan.manager ? 'yes' : 'no'} onChange={(is) => change({ manager: is === 'yes' })}
                options={[{ value: 'yes', label: t('word.yes') }, { value: 'no', label: t('word.no') }]} />
        <Input label={t('tiers.discount')} type="number" min={0} max={100} step={0.5} required value={Math.round(plan.discountMost * 1000) / 10}
               onInput={(e) => change({ discountMost: Number(e.currentTarget.value) / 100 })} />
        {row.plan.changedAt && row.plan.by && <p class="muted">{t('tiers.changed', { by: row.plan.by, at: dateTime(row.plan.changedAt) })}</p>}
        <FormEnd action={action} yes={t('action.save')} onClose={onClose} />
      </form>
    </Dialog>
  );
}
