/* One product: what it is, what sells beside it, and its few editable facts. */
import { useRoute } from 'preact-iso';
import { useState } from 'preact/hooks';
import { put, seg } from '../api.js';
import type { Product } from '../api-types.js';
import { useAction, useLoad } from '../data.js';
import { money, number } from '../format.js';
import { t } from '../i18n.js';
import { announce, Button, Chip, Dialog, Empty, ErrorBox, Figure, FormEnd, Input, PageHead, Skeleton, Table } from '../ui.js';

/* An empty field means unknown; undefined: not a number at or above zero. */
export function parseAmount(typed: string): number | null | undefined {
  if (!typed.trim()) return null;
  const n = Number(typed.trim().replace(',', '.'));
  return isNaN(n) || n < 0 ? undefined : n;
}

function Edit({ product, onDone, onClose }: { product: Product; onDone: (p: Product) => void; onClose: () => void }) {
  const [title, setTitle] = useState(product.title);
  const [price, setPrice] = useState(product.price === null ? '' : String(product.price));
  const [stock, setStock] = useState(product.stock === null ? '' : String(product.stock));
  const [active, setActive] = useState(product.active);
  const [wrong, setWrong] = useState<'title' | 'price' | 'stock' | null>(null);
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    const amounts = { price: parseAmount(price), stock: parseAmount(stock) };
    const flaw = !title.trim() ? 'title' : amounts.price === undefined ? 'price' : amounts.stock === undefined ? 'stock' : null;
    setWrong(flaw);
    if (flaw) return;
    const { sold: _sold, neighbours: _neighbours, ...kept } = product;
    void action.run(() => put<Product>(`/products/${seg(product.id)}`, { ...kept, ...amounts, title: title.trim(), active }), onDone);
  };
  return (
    <Dialog title={t('product.edit')} onClose={onClose}>
      <form onSubmit={submit}>
        <Input label={t('product.title')} value={title} error={wrong === 'title' ? t('product.need_title') : null} onInput={(e) => setTitle(e.currentTarget.value)} />
        <Input label={t('catalogue.price')} inputMode="decimal" value={price} help={t('product.empty_unknown')}
               error={wrong === 'price' ? t('product.need_number') : null} onInput={(e) => setPrice(e.currentTarget.value)} />
        <Input label={t('catalogue.stock')} inputMode="decimal" value={stock} help={t('product.empty_unknown')}
               error={wrong === 'stock' ? t('product.need_number') : null} onInput={(e) => setStock(e.currentTarget.value)} />
        <label class="tick"><input type="checkbox" checked={active} onChange={(e) => setActive(e.currentTarget.checked)} />{t('product.active')}</label>
        <FormEnd action={action} yes={t('action.save')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function Neighbours({ product }: { product: Product }) {
  return (
    <section class="sheet" aria-labelledby="neighbours">
      <h2 id="neighbours">{t('product.neighbours')}</h2>
      <p class="muted">{t('product.neighbours_text')}</p>
      {!product.neighbours.length ? <Empty icon="bag" title={t('product.no_neighbours')} /> : (
        <Table label={t('product.neighbours')} rows={product.neighbours} rowKey={(n) => n.product.id} columns={[
          { key: 'p', label: t('catalogue.product'), head: true, cell: (n) => <a class="row-link" href={`/catalogue/${seg(n.product.id)}`}>{n.product.title}</a> },
          { key: 'together', label: t('product.together'), number: true, cell: (n) => number(n.together) },
          { key: 'similarity', label: t('product.similarity'), number: true, cell: (n) => number(Math.round(n.similarity * 1000) / 1000) },
        ]} />
      )}
    </section>
  );
}

function Variants({ product }: { product: Product }) {
  if (!product.variants.length) return null;
  return (
    <section class="sheet" aria-labelledby="variants">
      <h2 id="variants">{t('product.variants')}</h2>
      <Table label={t('product.variants')} rows={product.variants} rowKey={(v) => v.id} columns={[
        { key: 'title', label: t('product.title'), head: true, cell: (v) => v.title },
        { key: 'id', label: t('catalogue.id'), cell: (v) => <code>{v.id}</code> },
        { key: 'attributes', label: t('product.attributes'), cell: (v) => Object.entries(v.attributes).map(([k, x]) => `${k}: ${String(x)}`).join(', ') },
        { key: 'price', label: t('catalogue.price'), number: true, cell: (v) => (v.price === null ? '—' : money(v.price)) },
        { key: 'stock', label: t('catalogue.stock'), number: true, cell: (v) => (v.stock === null ? '—' : number(v.stock)) },
      ]} />
    </section>
  );
}

export function ProductPage() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const { data: product, error, set, reload } = useLoad<Product>(`/products/${seg(id)}`);
  const [editing, setEditing] = useState(false);
  const back = { href: '/catalogue', label: t('nav.catalogue') };
  if (!product)
    return (
      <>
        <PageHead title={error?.status === 404 ? t('product.none') : t('catalogue.product')} back={back} />
        {error?.status !== 404 && <ErrorBox error={error} retry={reload} />}
        {!error && <Skeleton lines={8} />}
      </>
    );
  return (
    <>
      <PageHead title={product.title} back={back}
                lead={<><code>{product.id}</code> · {t(`product_kind.${product.kind}`)}{product.category && <> · {product.category}</>} {!product.active && <Chip tone="warn">{t('catalogue.inactive')}</Chip>}</>}>
        <Button look="main" icon="pen" onClick={() => setEditing(true)}>{t('action.edit')}</Button>
      </PageHead>
      <dl class="figures ledger">
        <Figure label="catalogue.price" value={product.price === null ? '—' : money(product.price)} />
        <Figure label="catalogue.stock" value={product.stock === null ? '—' : number(product.stock)} />
        <Figure label="product.sold" value={number(product.sold)} />
      </dl>
      {product.description && <p class="sheet">{product.description}</p>}
      <Variants product={product} />
      <Neighbours product={product} />
      {editing && <Edit product={product} onClose={() => setEditing(false)} onDone={(p) => {
        set({ ...product, ...p });
        setEditing(false);
        announce(t('state.saved'));
      }} />}
    </>
  );
}
