import { useRef, useState } from 'preact/hooks';
import { post } from '../api.js';
import type { Session } from '../api-types.js';
import { LanguageSwitch } from '../app.js';
import { useAction } from '../data.js';
import { span } from '../format.js';
import { t } from '../i18n.js';
import { enter } from '../session.js';
import { announce, Button, ErrorBox, Icon, Input, Logo, useTitle } from '../ui.js';

/* The server answers alike for an unknown address and a wrong password; so do we. */
function LoginError({ action }: { action: ReturnType<typeof useAction> }) {
  const e = action.error;
  if (!e) return null;
  const words = e.status === 401 ? t('login.wrong')
    : e.status === 429 ? t('login.throttled', { wait: span(e.retryAfterS ?? 60) }) : null;
  if (!words) return <ErrorBox error={e} />;
  return <div class="box bad" role="alert"><Icon name="warn" /><p>{words}</p></div>;
}

export function Login() {
  useTitle(t('login.title'));
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [missing, setMissing] = useState<'email' | 'password' | null>(null);
  const action = useAction();
  const form = useRef<HTMLFormElement>(null);
  const submit = (e: Event) => {
    e.preventDefault();
    const lacking = !email.includes('@') ? 'email' : !password ? 'password' : null;
    setMissing(lacking);
    if (lacking) {
      form.current?.querySelector<HTMLElement>(`[name=${lacking}]`)?.focus();
      return;
    }
    void action.run(() => post<Session>('/session', { email: email.trim(), password }), (s) => {
      void enter(s).then(() => announce(t('login.welcome', { name: s.user.name || s.user.email })));
    });
  };
  return (
    <main class="login">
      <div class="login-card">
        <div class="awning" aria-hidden="true" />
        <div class="login-brand"><Logo size={56} /><h1>Tendero</h1><p>{t('login.lead')}</p></div>
        <form ref={form} onSubmit={submit} noValidate>
          <Input label={t('login.email')} name="email" type="email" autocomplete="username" value={email}
                 onInput={(e) => setEmail(e.currentTarget.value)}
                 error={missing === 'email' ? t('login.need_email') : null} />
          <Input label={t('login.password')} name="password" type="password" autocomplete="current-password"
                 value={password} onInput={(e) => setPassword(e.currentTarget.value)}
                 error={missing === 'password' ? t('login.need_password') : null} />
          <LoginError action={action} />
          <Button type="submit" look="main" busy={action.busy}>{t('login.enter')}</Button>
        </form>
        <LanguageSwitch />
      </div>
    </main>
  );
}
