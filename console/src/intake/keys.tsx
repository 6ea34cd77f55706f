/* Keys of programs: made, shown once, revoked. */
import { useState } from 'preact/hooks';
import { del, post, seg, type List } from '../api.js';
import type { Key, KeyMade } from '../api-types.js';
import { useAction, useLoad } from '../data.js';
import { t } from '../i18n.js';
import { announce, Button, Chip, Confirm, Copyable, Dialog, Empty, ErrorBox, FormEnd, Input, Note, Select, Skeleton, Table, When } from '../ui.js';

type Scope = Key['scope'];
const SCOPES: Scope[] = ['write', 'read', 'admin'];

function Create({ onMade, onClose }: { onMade: () => void; onClose: () => void }) {
  const [name, setName] = useState('');
  const [source, setSource] = useState('');
  const [scope, setScope] = useState<Scope>('write');
  const [made, setMade] = useState<KeyMade | null>(null);
  const [lacking, setLacking] = useState(false);
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    setLacking(!name.trim());
    if (!name.trim()) return;
    void action.run(() => post<KeyMade>('/keys', { scope, name: name.trim(), ...(source.trim() ? { source: source.trim() } : {}) }),
      (k) => { setMade(k); onMade(); });
  };
  if (made)
    return (
      <Dialog title={t('keys.made')} onClose={onClose}>
        <Note tone="good">{t('keys.once')}</Note>
        <Copyable text={made.key} label={t('keys.key')} />
        {made.scope === 'write' && <p>{t('keys.browser_ok')}</p>}
        <footer><Button look="main" onClick={onClose}>{t('keys.copied_it')}</Button></footer>
      </Dialog>
    );
  return (
    <Dialog title={t('keys.create')} onClose={onClose}>
      <form onSubmit={submit}>
        <Input label={t('keys.name')} help={t('keys.name_help')} value={name} error={lacking ? t('keys.need_name') : null}
               onInput={(e) => setName(e.currentTarget.value)} />
        <Select label={t('keys.scope')} value={scope} onChange={setScope} help={t(`scope.${scope}_help`)}
                options={SCOPES.map((v) => ({ value: v, label: t(`scope.${v}`) }))} />
        {scope === 'write' && <Input label={t('word.source')} help={t('keys.source_help')} value={source}
                                     onInput={(e) => setSource(e.currentTarget.value)} />}
        <FormEnd action={action} yes={t('keys.create')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function Keys() {
  const { data, error, reload } = useLoad<List<Key>>('/keys');
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const action = useAction();
  const revoke = () => void action.run(() => del(`/keys/${seg(revoking!.id)}`), () => {
    setRevoking(null);
    announce(t('keys.revoked'));
    reload();
  });
  return (
    <section aria-labelledby="keys">
      <div class="sheet-head"><h2 id="keys">{t('data.keys')}</h2>
        <Button look="main" icon="plus" onClick={() => setCreating(true)}>{t('keys.create')}</Button></div>
      <p class="muted">{t('keys.text')}</p>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton />}
      {data && !data.items.length && <Empty icon="data" title={t('keys.none')} />}
      {data && data.items.length > 0 && (
        <Table label={t('data.keys')} cards rows={data.items} rowKey={(k) => k.id} columns={[
          { key: 'name', label: t('keys.name'), head: true, cell: (k) => k.name },
          { key: 'scope', label: t('keys.scope'), cell: (k) => <Chip>{t(`scope.${k.scope}`)}</Chip> },
          { key: 'source', label: t('word.source'), cell: (k) => k.source || '—' },
          { key: 'hint', label: t('keys.hint'), cell: (k) => <code>…{k.hint}</code> },
          { key: 'used', label: t('keys.used'), cell: (k) => <When at={k.lastUsedAt} relative /> },
          { key: 'made', label: t('keys.created'), cell: (k) => <When at={k.createdAt} /> },
          { key: 'act', label: t('word.actions'), cell: (k) => (
            <Button onClick={() => setRevoking(k)} aria-label={`${t('keys.revoke')}: ${k.name}`}>{t('keys.revoke')}</Button>) },
        ]} />
      )}
      {creating && <Create onMade={reload} onClose={() => setCreating(false)} />}
      {revoking && (
        <Confirm danger title={t('keys.revoke')} yes={t('keys.revoke')} busy={action.busy} error={action.error}
                 onYes={revoke} onClose={() => setRevoking(null)}>
          <p>{t('keys.revoke_text', { name: revoking.name })}</p>
        </Confirm>
      )}
    </section>
  );
}
