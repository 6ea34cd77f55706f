/* On which channels the customer may be contacted, about what and until when: the last word of each. */
import { useEffect, useState } from 'preact/hooks';
import { post, seg, type List } from '../api.js';
import type { Permission } from '../api-types.js';
import { channels, type Channel } from '../audience/model.js';
import { useAction, useLoad } from '../data.js';
import { day } from '../format.js';
import { t } from '../i18n.js';
import { announce, Button, Chip, Dialog, ErrorBox, Field, FormEnd, IconButton, Input, Select, Skeleton, When } from '../ui.js';

export const channelName = (channel: Channel): string => t(`channel.${channel}`);

function about(p: Permission): string {
  return p.topic ? `${channelName(p.channel)}: ${p.topic}` : channelName(p.channel);
}

/* from: what they said before of the same channel and topic. */
function Say({ customer, from, onDone, onClose }: {
  customer: string; from: Permission | null; onDone: () => void; onClose: () => void;
}) {
  const [channel, setChannel] = useState<Channel>(from?.channel ?? 'email');
  const [topic, setTopic] = useState(from?.topic ?? '');
  const [given, setGiven] = useState(from ? !from.holds : true);
  const [until, setUntil] = useState('');
  const [evidence, setEvidence] = useState('');
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    const said = { customer, channel, topic: topic.trim(), given, evidence: evidence.trim(), ...(given && until && { until }) };
    void action.run(() => post('/permissions', { permissions: [said] }), onDone);
  };
  return (
    <Dialog title={from ? t('permissions.change', { what: about(from) }) : t('permissions.add')} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{t('permissions.text')}</p>
        {!from && <Select label={t('permissions.channel')} value={channel} onChange={(v) => setChannel(v as Channel)}
                          options={channels.map((c) => ({ value: c, label: channelName(c) }))} />}
        {!from && <Input label={t('permissions.topic')} help={t('permissions.topic_help')} value={topic} maxLength={63}
                         onInput={(e) => setTopic(e.currentTarget.value)} />}
        <Field label={t('permissions.said')}>{(ids) => (
          <select {...ids} value={given ? 'given' : 'withdrawn'} onChange={(e) => setGiven(e.currentTarget.value === 'given')}>
            <option value="given">{t('permissions.given')}</option>
            <option value="withdrawn">{t('permissions.withdrawn')}</option>
          </select>)}</Field>
        {given && <Input label={t('permissions.until')} help={t('permissions.until_help')} type="date" value={until}
                         onInput={(e) => setUntil(e.currentTarget.value)} />}
        <Input label={t('permissions.evidence')} help={t('permissions.evidence_help')} value={evidence} maxLength={500}
               onInput={(e) => setEvidence(e.currentTarget.value)} />
        <FormEnd action={action} yes={t('action.save')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function state(p: Permission) {
  if (p.holds) return <Chip tone="good">{t('permissions.holds')}</Chip>;
  return <Chip>{t(p.given ? 'permissions.over' : 'permissions.withdrawn_chip')}</Chip>;
}

export function Permissions({ customer, turn, onChanged }: { customer: string; turn: number; onChanged: () => void }) {
  const { data, error, reload } = useLoad<List<Permission>>(`/customers/${seg(customer)}/permissions`);
  const [saying, setSaying] = useState<{ from: Permission | null } | null>(null);
  useEffect(() => { if (turn) reload(); }, [turn]);
  const done = () => {
    setSaying(null);
    announce(t('state.saved'));
    onChanged();
  };
  return (
    <section class="sheet" aria-labelledby="permissions">
      <div class="sheet-head">
        <h2 id="permissions">{t('permissions.title')}</h2>
        <Button look="quiet" icon="plus" onClick={() => setSaying({ from: null })}>{t('permissions.add')}</Button>
      </div>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={2} />}
      {data && !data.items.length && <p class="muted">{t('permissions.none')}</p>}
      <ul class="plain-list memberships">
        {data?.items.map((p) => (
          <li key={`${p.channel} ${p.topic ?? ''}`}>
            <span>
              {about(p)} {state(p)}
              <span class="origin">
                {p.until && <>{t('permissions.until_day', { day: day(p.until) })} · </>}
                {p.evidence && <>{p.evidence} · </>}{p.by || p.source} · <When at={p.since} />
              </span>
            </span>
            <IconButton icon="pen" label={t('permissions.change', { what: about(p) })} onClick={() => setSaying({ from: p })} />
          </li>
        ))}
      </ul>
      {saying && <Say customer={customer} from={saying.from} onDone={done} onClose={() => setSaying(null)} />}
    </section>
  );
}
