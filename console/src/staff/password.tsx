/* A person's own password. */
import { useState } from 'preact/hooks';
import { put } from '../api.js';
import type { Session } from '../api-types.js';
import { useAction } from '../data.js';
import { t } from '../i18n.js';
import { enter } from '../session.js';
import { announce, Dialog, FormEnd, Input } from '../ui.js';

const PASSWORD_MIN = 10;

function fault(password: string, again: string): { field: 'password' | 'again'; words: string } | null {
  if (new TextEncoder().encode(password).length < PASSWORD_MIN)
    return { field: 'password', words: t('password.too_short', { n: PASSWORD_MIN }) };
  return password === again ? null : { field: 'again', words: t('password.differ') };
}

/* A new password and the same again. `check` is asked when the form is sent: from then on faults are shown. */
export function useNewPassword() {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [checked, setChecked] = useState(false);
  const found = fault(password, again);
  const error = (field: 'password' | 'again') => (checked && found?.field === field ? found.words : null);
  const fields = (
    <>
      <Input label={t('password.new')} name="password" type="password" autocomplete="new-password"
             help={t('password.help', { n: PASSWORD_MIN })} value={password} error={error('password')}
             onInput={(e) => setPassword(e.currentTarget.value)} />
      <Input label={t('password.again')} name="again" type="password" autocomplete="new-password"
             value={again} error={error('again')} onInput={(e) => setAgain(e.currentTarget.value)} />
    </>
  );
  return { password, fields, checked, check: () => { setChecked(true); return !found; } };
}

export function ChangePassword({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState('');
  const next = useNewPassword();
  const action = useAction();
  const wrong = action.error?.problem.pointer === '/current';
  const submit = (e: Event) => {
    e.preventDefault();
    if (!next.check() || !current) return;
    void action.run(() => put<Session>('/session/password', { current, password: next.password }), (s) => {
      void enter(s);
      announce(t('password.changed'));
      onClose();
    });
  };
  return (
    <Dialog title={t('password.change')} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p class="muted">{t('password.change_text')}</p>
        <Input label={t('password.current')} name="current" type="password" autocomplete="current-password" value={current}
               error={wrong ? t('password.wrong') : next.checked && !current ? t('login.need_password') : null}
               onInput={(e) => { setCurrent(e.currentTarget.value); action.clear(); }} />
        {next.fields}
        <FormEnd action={wrong ? { ...action, error: null } : action} yes={t('password.change')} onClose={onClose} />
      </form>
    </Dialog>
  );
}
