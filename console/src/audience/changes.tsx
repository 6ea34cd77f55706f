/* Who came into an audience and who left it, newest first, and why. */
import { seg } from '../api.js';
import type { Audience, AudienceChange } from '../api-types.js';
import { useGrowing } from '../data.js';
import { t } from '../i18n.js';
import { personName } from '../pages/people.js';
import { Button, Chip, ErrorBox, Skeleton, Table, When } from '../ui.js';

/* Another audience by its name, while there is one. */
function Because({ change, audiences }: { change: AudienceChange; audiences: Audience[] }) {
  const other = audiences.find((a) => a.id === change.audience);
  if (change.because === 'audience' && other)
    return <>{t('because.audience')}: <a href={`/audiences/${seg(other.id)}`}>{other.name}</a></>;
  return <>{t(`because.${change.because}`)}</>;
}

export function Changes({ id, audiences }: { id: string; audiences: Audience[] }) {
  const { items, error, loading, more, reload } = useGrowing<AudienceChange>(`/audiences/${seg(id)}/changes?limit=20`);
  return (
    <section class="sheet" aria-labelledby="changes">
      <h2 id="changes">{t('audience.changes')}</h2>
      <ErrorBox error={error} retry={reload} />
      {!loading && !error && !items.length && <p class="muted">{t('audience.no_changes')}</p>}
      {items.length > 0 && (
        <Table label={t('audience.changes')} cards rows={items} rowKey={(c) => `${c.at} ${c.customer.id} ${c.entered}`} columns={[
          { key: 'who', label: t('people.name'), head: true, cell: (c) => <a class="row-link" href={`/people/${seg(c.customer.id)}`}>{personName(c.customer)}</a> },
          { key: 'what', label: t('audience.what_changed'), cell: (c) => (
            <Chip tone={c.entered ? 'good' : 'bad'}>{t(c.entered ? 'audience.entered' : 'audience.left')}</Chip>) },
          { key: 'because', label: t('audience.because'), cell: (c) => <Because change={c} audiences={audiences} /> },
          { key: 'at', label: t('audience.when'), cell: (c) => <When at={c.at} relative /> },
        ]} />
      )}
      {loading && <Skeleton />}
      {more && !loading && <Button onClick={more}>{t('audience.more')}</Button>}
    </section>
  );
}
