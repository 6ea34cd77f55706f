/* The people who may log in: let in, taken out, and given a new password when they have forgotten theirs. */
import { useState } from 'preact/hooks';
import { del, post, put, seg, session, type List } from '../api.js';
import type { User } from '../api-types.js';
import { useAction, useLoad } from '../data.js';
import { language, t, type Language } from '../i18n.js';
import { announce, Button, Chip, Confirm, Dialog, ErrorBox, FormEnd, Input, Select, Skeleton, Table, When } from '../ui.js';
import { useNewPassword } from './password.js';

const LANGUAGES: { value: Language; label: string }[] = [
  { value: 'en', label: 'English' }, { value: 'es', label: 'Español' },
];

function Add({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [theirs, setTheirs] = useState<Language>(language.value);
  const next = useNewPassword();
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    if (!next.check() || !email.includes('@')) return;
    const user = { email: email.trim(), name: name.trim() || email.trim(), language: theirs, password: next.password };
    void action.run(() => post<User>('/users', user), () => { announce(t('users.added')); onDone(); });
  };
  return (
    <Dialog title={t('users.add')} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Input label={t('login.email')} name="email" type="email" autocomplete="off" value={email}
               error={next.checked && !email.includes('@') ? t('users.need_email') : null}
               onInput={(e) => setEmail(e.currentTarget.value)} />
        <Input label={t('users.name')} name="name" autocomplete="off" value={name} onInput={(e) => setName(e.currentTarget.value)} />
        <Select<Language> label={t('nav.language')} value={theirs} onChange={setTheirs} options={LANGUAGES} />
        {next.fields}
        <FormEnd action={action} yes={t('users.add')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function Reset({ user, onDone, onClose }: { user: User; onDone: () => void; onClose: () => void }) {
  const next = useNewPassword();
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    if (!next.check()) return;
    void action.run(() => put(`/users/${seg(user.id)}/password`, { password: next.password }), () => { announce(t('password.changed')); onDone(); });
  };
  return (
    <Dialog title={t('users.password')} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p class="muted">{t('users.password_text', { name: user.name || user.email })}</p>
        {next.fields}
        <FormEnd action={action} yes={t('users.password')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function Actions({ user, onReset, onRemove }: { user: User; onReset: () => void; onRemove: () => void }) {
  if (user.id === session.value?.user.id) return <Chip>{t('users.you')}</Chip>;
  const who = user.name || user.email;
  return (
    <div class="toolbar">
      <Button onClick={onReset} aria-label={`${t('users.password')}: ${who}`}>{t('users.password')}</Button>
      <Button onClick={onRemove} aria-label={`${t('users.remove')}: ${who}`}>{t('users.remove')}</Button>
    </div>
  );
}

export function Users() {
  const { data, error, reload } = useLoad<List<User>>('/users');
  const [adding, setAdding] = useState(false);
  const [resetting, setResetting] = useState<User | null>(null);
  const [removing, setRemoving] = useState<User | null>(null);
  const action = useAction();
  const remove = () => void action.run(() => del(`/users/${seg(removing!.id)}`), () => {
    setRemoving(null);
    announce(t('users.removed'));
    reload();
  });
  return (
    <section class="sheet" aria-labelledby="users">
      <div class="sheet-head"><h2 id="users">{t('users.title')}</h2>
        <Button look="main" icon="plus" onClick={() => setAdding(true)}>{t('users.add')}</Button></div>
      <p class="muted">{t('users.text')}</p>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton />}
      {data && (
        <Table label={t('users.title')} cards rows={data.items} rowKey={(u) => u.id} columns={[
          { key: 'name', label: t('users.name'), head: true, cell: (u) => u.name || u.email },
          { key: 'email', label: t('login.email'), cell: (u) => u.email },
          { key: 'language', label: t('nav.language'), cell: (u) => LANGUAGES.find((l) => l.value === u.language)?.label },
          { key: 'since', label: t('users.since'), cell: (u) => <When at={u.createdAt} /> },
          { key: 'act', label: t('word.actions'), cell: (u) => (
            <Actions user={u} onReset={() => setResetting(u)} onRemove={() => setRemoving(u)} />) },
        ]} />
      )}
      {adding && <Add onDone={() => { setAdding(false); reload(); }} onClose={() => setAdding(false)} />}
      {resetting && <Reset user={resetting} onDone={() => setResetting(null)} onClose={() => setResetting(null)} />}
      {removing && (
        <Confirm danger title={t('users.remove')} yes={t('users.remove')} busy={action.busy} error={action.error}
                 onYes={remove} onClose={() => setRemoving(null)}>
          <p>{t('users.remove_text', { name: removing.name || removing.email })}</p>
        </Confirm>
      )}
    </section>
  );
}
