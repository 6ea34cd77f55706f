/* How many of an audience are in each other one, too; those with most in common first. */
import { useState } from 'preact/hooks';
import { seg, type List } from '../api.js';
import type { AudienceOverlap } from '../api-types.js';
import { useLoad } from '../data.js';
import { number, percent } from '../format.js';
import { t } from '../i18n.js';
import { Button, ErrorBox, Skeleton, Table } from '../ui.js';

const SHOWN_FIRST = 10;
const share = (part: number, whole: number) => (whole ? percent(part / whole) : '—');

export function Overlaps({ id, customers }: { id: string; customers: number }) {
  const { data, error, reload } = useLoad<List<AudienceOverlap>>(`/audiences/${seg(id)}/overlaps`);
  const [all, setAll] = useState(false);
  const rows = data ? [...data.items].sort((a, b) => b.both - a.both || a.name.localeCompare(b.name)) : [];
  return (
    <section class="sheet" aria-labelledby="overlaps">
      <h2 id="overlaps">{t('audience.overlaps')}</h2>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={2} />}
      {data && !rows.length && <p class="muted">{t('audience.no_overlaps')}</p>}
      {rows.length > 0 && (
        <Table label={t('audience.overlaps')} cards rows={all ? rows : rows.slice(0, SHOWN_FIRST)} rowKey={(o) => o.id} columns={[
          { key: 'name', label: t('saved.name'), head: true, cell: (o) => <a class="row-link" href={`/audiences/${seg(o.id)}`}>{o.name}</a> },
          { key: 'customers', label: t('audience.customers'), number: true, cell: (o) => number(o.customers) },
          { key: 'both', label: t('audience.both'), number: true, cell: (o) => number(o.both) },
          { key: 'of_this', label: t('audience.of_this'), number: true, cell: (o) => share(o.both, customers) },
          { key: 'of_that', label: t('audience.of_that'), number: true, cell: (o) => share(o.both, o.customers) },
        ]} />
      )}
      {!all && rows.length > SHOWN_FIRST && <Button onClick={() => setAll(true)}>{t('audience.all_overlaps', { n: rows.length })}</Button>}
    </section>
  );
}
