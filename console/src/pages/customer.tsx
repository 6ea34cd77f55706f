/* One customer: who, what is known, what happened, what to propose. */
import { useLocation, useRoute } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import { seg } from '../api.js';
import type { Customer } from '../api-types.js';
import { Affinities } from '../customer/affinities.js';
import { Audiences } from '../customer/audiences.js';
import { Accounts, Identities } from '../customer/identity.js';
import { MergeDialog, Merges } from '../customer/merge.js';
import { Permissions } from '../customer/permissions.js';
import { Proposals } from '../customer/proposals.js';
import { Share } from '../customer/share.js';
import { Timeline } from '../customer/timeline.js';
import { Traits } from '../customer/traits.js';
import { LifetimeValue } from '../customer/value.js';
import { forget, useLoad } from '../data.js';
import { money, number } from '../format.js';
import { pick, t } from '../i18n.js';
import { announce, Button, Chip, Empty, ErrorBox, Figure, PageHead, Skeleton, TierChip, When } from '../ui.js';
import { personName } from './people.js';

/* How the customer stands on each of the three scales of five. */
function Scores({ customer }: { customer: Customer }) {
  const { scores } = customer.rfm;
  if (!scores) return null;
  const rows = [['rfm.r', scores.r], ['rfm.f', scores.f], ['rfm.m', scores.m]] as const;
  return (
    <dl class="scores">
      {rows.map(([name, score]) => (
        <div key={name}><dt>{t(name)}</dt>
          <dd><span aria-hidden="true">{'●'.repeat(Math.max(0, score))}{'○'.repeat(Math.max(0, 5 - score))}</span>
            <span class="spoken">{t('rfm.of_five', { n: score })}</span></dd></div>
      ))}
    </dl>
  );
}

function Who({ customer }: { customer: Customer }) {
  return (
    <section class="sheet who-sheet" aria-label={t('customer.who')}>
      <div class="standing">
        <TierChip tier={customer.tier} />
        <p>{pick(customer.rfm.why)}</p>
        <Scores customer={customer} />
      </div>
      <dl class="figures ledger">
        <Figure label="people.orders" value={number(customer.orders)} />
        <Figure label="people.value" value={money(customer.value)} />
        <Figure label="people.lastOrder" value={<When at={customer.lastOrderAt} />}
                note={customer.rfm.recencyDays === null ? undefined : t('customer.days_ago', { n: Math.round(customer.rfm.recencyDays) })} />
        <Figure label="people.firstSeen" value={<When at={customer.firstSeenAt} />} />
      </dl>
    </section>
  );
}

export function CustomerPage() {
  const { params } = useRoute();
  const { route } = useLocation();
  const id = params['id'] ?? '';
  const { data: customer, error, set, reload } = useLoad<Customer>(`/customers/${seg(id)}`);
  const [merging, setMerging] = useState(false);
  const [turn, setTurn] = useState(0);
  const back = { href: '/people', label: t('nav.people') };
  const changed = () => {  // facts were added: all that is made of them is read again
    forget('/customers');
    reload();
    setTurn((n) => n + 1);
  };
  useEffect(() => {  // a merged customer is found under its new number
    if (customer && customer.id !== id && /^c\d+$/.test(id)) route(`/people/${customer.id}`, true);
  }, [customer, id]);
  if (error?.status === 404)
    return <><PageHead title={t('customer.none')} back={back} /><Empty icon="people" title={t('customer.none_text', { id })} /></>;
  if (!customer)
    return <><PageHead title={t('customer.one')} back={back} /><ErrorBox error={error} retry={reload} />{!error && <Skeleton lines={10} />}</>;
  const update = (c: Customer) => {
    set(c);
    announce(t('state.saved'));
    setTurn((n) => n + 1);
  };
  return (
    <>
      <PageHead title={personName(customer)} back={back}
                lead={<>{customer.id} · {t(`kind.${customer.kind}`)}{customer.country && <> · {customer.country}</>} {customer.anonymous && <Chip>{t('people.anonymous')}</Chip>}</>}>
        <Button icon="join" onClick={() => setMerging(true)}>{t('merge.open')}</Button>
      </PageHead>
      <Who customer={customer} />
      <div class="two wide-left">
        <div>
          <LifetimeValue customer={customer.id} turn={turn} />
          <Proposals customer={customer.id} turn={turn} />
          <Timeline customer={customer.id} turn={turn} onChanged={changed} />
        </div>
        <div>
          <Affinities customer={customer.id} turn={turn} />
          <Traits customer={customer} update={update} />
          <Share customer={customer.id} turn={turn} />
          <Permissions customer={customer.id} turn={turn} onChanged={changed} />
          <Audiences customer={customer.id} turn={turn} />
          <Identities customer={customer} />
          <Accounts customer={customer} update={update} />
          <Merges customer={customer} onChanged={() => { announce(t('merges.undone')); changed(); }} />
        </div>
      </div>
      {merging && (
        <MergeDialog winner={customer.id} onClose={() => setMerging(false)} onDone={(m) => {
          setMerging(false);
          announce(t('merge.done'));
          changed();
          if (m.winner !== customer.id) route(`/people/${m.winner}`);
        }} />
      )}
    </>
  );
}
