/* Everything the shop sells. */
import { useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { query, seg, type List } from '../api.js';
import type { Category, ProductKind, ProductRow } from '../api-types.js';
import { useGrowing, useLoad, useRested } from '../data.js';
import { money, number } from '../format.js';
import { pick, t } from '../i18n.js';
import { Button, Chip, Empty, ErrorBox, Input, PageHead, Select, Skeleton, Table } from '../ui.js';

const KINDS: ProductKind[] = ['goods', 'service', 'fee', 'voucher'];

export function Catalogue() {
  const { query: words, route } = useLocation();
  const asked = { q: words['q'] ?? '', category: words['category'] ?? '', kind: words['kind'] ?? '' };
  const [typed, setTyped] = useState(asked.q);
  const rested = useRested(typed, 150);
  const mine = useRef(asked.q);
  const go = (change: Partial<typeof asked>) => route(`/catalogue${query({ ...asked, ...change })}`, true);
  useEffect(() => {
    if (rested === mine.current) return;
    mine.current = rested;
    go({ q: rested });
  }, [rested]);
  useEffect(() => {
    if (asked.q === mine.current) return;
    mine.current = asked.q;
    setTyped(asked.q);
  }, [asked.q]);
  const categories = useLoad<List<Category>>('/categories');
  const { items, error, loading, more, reload } = useGrowing<ProductRow>(`/products${query({ ...asked, limit: 50 })}`);
  const names = new Map(categories.data?.items.map((c) => [c.id, pick(c.name)]));
  return (
    <>
      <PageHead title={t('nav.catalogue')} lead={t('catalogue.lead')} />
      <div class="toolbar">
        <Input label={t('catalogue.search')} type="search" value={typed} autocomplete="off" onInput={(e) => setTyped(e.currentTarget.value)} />
        <Select label={t('catalogue.category')} value={asked.category} onChange={(category) => go({ category })}
                options={[{ value: '', label: t('word.all') },
                  ...(categories.data?.items ?? []).map((c) => ({ value: c.id, label: `${pick(c.name) || c.id} (${number(c.products)})` }))]} />
        <Select label={t('people.kind')} value={asked.kind} onChange={(kind) => go({ kind })}
                options={[{ value: '', label: t('word.all') }, ...KINDS.map((v) => ({ value: v as string, label: t(`product_kind.${v}`) }))]} />
      </div>
      <ErrorBox error={error} retry={reload} />
      {!loading && !error && !items.length && (
        <Empty icon="catalogue" title={asked.q || asked.category || asked.kind ? t('catalogue.none_fit') : t('catalogue.none')}>
          <p>{t('catalogue.none_text')}</p></Empty>
      )}
      {items.length > 0 && (
        <Table label={t('nav.catalogue')} cards rows={items} rowKey={(p) => p.id} columns={[
          { key: 'title', label: t('catalogue.product'), head: true, cell: (p) => <a class="row-link" href={`/catalogue/${seg(p.id)}`}>{p.title}</a> },
          { key: 'id', label: t('catalogue.id'), cell: (p) => <code>{p.id}</code> },
          { key: 'category', label: t('catalogue.category'), cell: (p) => (p.category ? names.get(p.category) || p.category : '—') },
          { key: 'kind', label: t('people.kind'), cell: (p) => <>{t(`product_kind.${p.kind}`)} {!p.active && <Chip tone="warn">{t('catalogue.inactive')}</Chip>}</> },
          { key: 'price', label: t('catalogue.price'), number: true, cell: (p) => (p.price === null ? '—' : money(p.price)) },
          { key: 'stock', label: t('catalogue.stock'), number: true, cell: (p) => (p.stock === null ? '—' : number(p.stock)) },
        ]} />
      )}
      {loading && <Skeleton lines={8} />}
      {more && !loading && <Button onClick={more}>{t('catalogue.more')}</Button>}
    </>
  );
}
