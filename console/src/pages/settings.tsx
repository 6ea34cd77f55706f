/* How the console looks and speaks, who may log in, and what the server was started with. */
import { useState } from 'preact/hooks';
import type { Setting } from '../api-types.js';
import { session, type List } from '../api.js';
import { useLoad } from '../data.js';
import { language, pick, t, type Language } from '../i18n.js';
import { chooseLanguage } from '../session.js';
import { ChangePassword } from '../staff/password.js';
import { Users } from '../staff/users.js';
import { chooseTheme, theme, THEMES } from '../theme.js';
import { Button, ErrorBox, PageHead, Select, Skeleton, Table } from '../ui.js';

const SET_BY = ['default', 'file', 'environment', 'option'] as const;

function setBy(from: string): string {
  const known = SET_BY.find((f) => f === from);
  return known ? t(`set_by.${known}`) : from;
}

export function Settings() {
  const { data, error, reload } = useLoad<List<Setting>>('/settings');
  const user = session.value?.user;
  const [changing, setChanging] = useState(false);
  return (
    <>
      <PageHead title={t('nav.settings')} />
      <section class="sheet" aria-labelledby="looks">
        <h2 id="looks">{t('settings.console')}</h2>
        <div class="toolbar">
          <Select<Language> label={t('nav.language')} value={language.value} onChange={(l) => void chooseLanguage(l)}
                  options={[{ value: 'en', label: 'English' }, { value: 'es', label: 'Español' }]} />
          <Select label={t('settings.theme')} value={theme.value} onChange={chooseTheme}
                  options={THEMES.map((v) => ({ value: v, label: t(`theme.${v}`) }))} />
        </div>
        {user && <p class="muted">{t('settings.logged_in', { name: user.name || user.email, email: user.email })}</p>}
        <Button onClick={() => setChanging(true)}>{t('password.change')}</Button>
        {changing && <ChangePassword onClose={() => setChanging(false)} />}
      </section>
      <Users />
      <section class="sheet" aria-labelledby="server">
        <h2 id="server">{t('settings.server')}</h2>
        <p class="muted">{t('settings.server_text')}</p>
        <ErrorBox error={error} retry={reload} />
        {!data && !error && <Skeleton />}
        {data && (
          <Table label={t('settings.server')} cards rows={data.items} rowKey={(s) => s.name} columns={[
            { key: 'name', label: t('settings.name'), head: true, cell: (s) => <code>{s.name}</code> },
            { key: 'value', label: t('traits.value'), cell: (s) => <code>{s.value || '—'}</code> },
            { key: 'from', label: t('settings.from'), cell: (s) => setBy(s.from) },
            { key: 'help', label: t('settings.help'), cell: (s) => pick(s.help) },
          ]} />
        )}
      </section>
      <section class="sheet" aria-labelledby="about">
        <h2 id="about">{t('settings.about')}</h2>
        <p>{t('settings.about_text')}</p>
        <p><a href="/openapi.json" target="_blank" rel="noopener">{t('settings.openapi')}</a> · Apache-2.0</p>
      </section>
    </>
  );
}
