/* By what the customer is known, and for whom a person acts. */
import { useState } from 'preact/hooks';
import { del, post, seg } from '../api.js';
import type { Customer, CustomerRow, Membership } from '../api-types.js';
import { useAction } from '../data.js';
import { t, type MessageKey } from '../i18n.js';
import { personName } from '../pages/people.js';
import { Button, Chip, Confirm, Dialog, ErrorBox, IconButton, Input, When } from '../ui.js';
import { FindCustomer } from './find.js';

type Update = (c: Customer) => void;
const NAMED: Record<string, MessageKey> = {
  user_id: 'identifier.user_id', anonymous_id: 'identifier.anonymous_id', email: 'identifier.email',
  phone: 'identifier.phone', group_id: 'identifier.group_id',
};

export function identifierName(kind: string): string {
  const key = NAMED[kind];
  return key ? t(key) : kind;
}

export function Identities({ customer }: { customer: Customer }) {
  return (
    <section class="sheet" aria-labelledby="identities">
      <h2 id="identities">{t('identities.title')}</h2>
      <ul class="identities">
        {customer.identifiers.map((i) => (
          <li key={`${i.kind} ${i.value}`}>
            <span class="trait-name">{identifierName(i.kind)}</span>
            <code>{i.value}</code>
            {i.shared && <Chip tone="warn">{t('identities.shared')}</Chip>}
            <p class="origin">{i.source} · <When at={i.since} />{customer.histories > 1 && <> · {t('identities.history', { id: i.history })}</>}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Add({ customer, update, onClose }: { customer: Customer; update: Update; onClose: () => void }) {
  const [account, setAccount] = useState<CustomerRow | null>(null);
  const [role, setRole] = useState('');
  const action = useAction();
  const save = () => void action.run(
    () => post<Customer>(`/customers/${seg(customer.id)}/accounts`, { account: account!.id, role: role.trim() }),
    (c) => { update(c); onClose(); });
  return (
    <Dialog title={t('accounts.add')} onClose={onClose}>
      <p>{t('accounts.add_text')}</p>
      {account ? <p class="chosen"><b>{personName(account)}</b> <Button look="quiet" onClick={() => setAccount(null)}>{t('action.change')}</Button></p>
        : <FindCustomer label={t('accounts.which')} not={customer.id} onChoose={setAccount} />}
      <Input label={t('accounts.role')} help={t('accounts.role_help')} value={role} onInput={(e) => setRole(e.currentTarget.value)} />
      <ErrorBox error={action.error} />
      <footer>
        <Button onClick={onClose}>{t('action.cancel')}</Button>
        <Button look="main" aria-disabled={!account} busy={action.busy} onClick={() => account && save()}>{t('action.add')}</Button>
      </footer>
    </Dialog>
  );
}

function Rows({ rows, onRemove }: { rows: Membership[]; onRemove: (m: Membership) => void }) {
  return (
    <ul class="plain-list memberships">
      {rows.map((m) => {
        const name = m.name || m.customer;
        return (
          <li key={m.id}>
            <span><a href={`/people/${m.customer}`}>{name}</a> <Chip>{t(`kind.${m.kind}`)}</Chip>
              <span class="origin">{m.role} · <When at={m.since} /></span></span>
            <IconButton icon="bin" label={t('accounts.remove', { name })} onClick={() => onRemove(m)} />
          </li>
        );
      })}
    </ul>
  );
}

export function Accounts({ customer, update }: { customer: Customer; update: Update }) {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<{ m: Membership; member: boolean } | null>(null);
  const action = useAction();
  const remove = () => void action.run(async () => {
    const { m, member } = removing!;
    const [person, account] = member ? [m.customer, customer.id] : [customer.id, m.customer];
    const answer = await del<Customer>(`/customers/${seg(person)}/accounts/${seg(account)}`);
    return member
      ? { ...customer, members: customer.members.filter((x) => x.id !== m.id) } : answer;
  }, (c) => { update(c); setRemoving(null); });
  return (
    <section class="sheet" aria-labelledby="accounts">
      <div class="sheet-head">
        <h2 id="accounts">{t('accounts.title')}</h2>
        <Button look="quiet" icon="plus" onClick={() => setAdding(true)}>{t('accounts.add')}</Button>
      </div>
      {!customer.accounts.length && !customer.members.length && <p class="muted">{t('accounts.none')}</p>}
      <Rows rows={customer.accounts} onRemove={(m) => setRemoving({ m, member: false })} />
      {customer.members.length > 0 && <h3>{t('accounts.members')}</h3>}
      <Rows rows={customer.members} onRemove={(m) => setRemoving({ m, member: true })} />
      {adding && <Add customer={customer} update={update} onClose={() => setAdding(false)} />}
      {removing && (
        <Confirm danger title={t('accounts.remove', { name: removing.m.name || removing.m.customer })} yes={t('action.remove')}
                 busy={action.busy} error={action.error} onYes={remove} onClose={() => setRemoving(null)}>
          <p>{t('accounts.remove_text')}</p>
        </Confirm>
      )}
    </section>
  );
}
