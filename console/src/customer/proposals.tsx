/* What to propose next and why; how a message about it would look. Nothing is sent. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, seg } from '../api.js';
import type { Decision, Message, ProductRow } from '../api-types.js';
import { asApiError, useLoad } from '../data.js';
import type { ApiError } from '../api.js';
import { money } from '../format.js';
import { language, pick, t, type Language } from '../i18n.js';
import { Button, Choice, Dialog, Empty, ErrorBox, Icon, Note, Select, Skeleton } from '../ui.js';

/* The page's policy forbids styles as text, in the frame as well. So the letter's own are taken out of its
 * text and put in through the object model once it is there. The frame has no scripts: nothing in the letter
 * can run. */
export function undress(html: string): { html: string; css: string } {
  let css = '';
  const bare = html.replace(/<style[^>]*>([^]*?)<\/style>/gi, (_, text: string) => {
    css += text;
    return '';
  }).replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle=/i, ' data-style='));
  return { html: bare, css };
}

function dress(frame: HTMLIFrameElement, css: string): void {
  const page = frame.contentDocument;
  const view = frame.contentWindow as (Window & { CSSStyleSheet: typeof CSSStyleSheet }) | null;
  if (!page || !view) return;
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(css);
  page.adoptedStyleSheets = [sheet];
  for (const node of page.querySelectorAll<HTMLElement>('[data-style]'))
    node.style.cssText = node.getAttribute('data-style') ?? '';
  frame.style.height = `${Math.min(900, Math.max(240, page.documentElement.scrollHeight + 8))}px`;
}

function Letter({ html, title }: { html: string; title: string }) {
  const ref = useRef<HTMLIFrameElement>(null);
  const letter = undress(html);
  return <iframe ref={ref} class="letter" title={title} sandbox="allow-same-origin" srcdoc={letter.html}
                 onLoad={() => ref.current && dress(ref.current, letter.css)} />;
}

export function MessagePreview({ customer, proposals, onClose }: {
  customer: string; proposals: ProductRow[]; onClose: () => void;
}) {
  const [lang, setLang] = useState<Language>(language.value);
  const [product, setProduct] = useState(proposals[0]?.id ?? '');
  const [tab, setTab] = useState<'html' | 'text'>('html');
  const [message, setMessage] = useState<Message | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    let wanted = true;
    setError(null);
    post<Message>(`/customers/${seg(customer)}/message`, { language: lang, ...(product ? { product } : {}), channel: 'email' })
      .then((m) => { if (wanted) setMessage(m); }, (e: unknown) => { if (wanted) setError(asApiError(e)); });
    return () => { wanted = false; };
  }, [lang, product]);
  return (
    <Dialog wide title={t('message.title')} onClose={onClose}>
      <Note>{message ? pick(message.notice) : t('message.nothing_sent')}</Note>
      <div class="toolbar">
        <Select label={t('nav.language')} value={lang} onChange={setLang}
                options={[{ value: 'en', label: 'English' }, { value: 'es', label: 'Español' }]} />
        {proposals.length > 1 && (
          <Select label={t('message.product')} value={product} onChange={setProduct}
                  options={proposals.map((p) => ({ value: p.id, label: p.title }))} />
        )}
      </div>
      <ErrorBox error={error} />
      {!message && !error && <Skeleton />}
      {message && (
        <>
          <p class="subject"><span class="muted">{t('message.subject')}</span> <b lang={message.language}>{message.subject}</b></p>
          <Choice label={t('message.form')} value={tab} onChange={setTab}
                  options={[{ value: 'html', label: t('message.html') }, { value: 'text', label: t('message.text') }]} />
          {tab === 'html' ? <Letter key={message.html} html={message.html} title={t('message.title')} />
            : <pre class="letter-text" tabIndex={0} lang={message.language}>{message.text}</pre>}
        </>
      )}
    </Dialog>
  );
}

export function Proposals({ customer, turn }: { customer: string; turn: number }) {
  const { data, error, reload } = useLoad<Decision>(`/customers/${seg(customer)}/proposals?limit=5`);
  const [preview, setPreview] = useState(false);
  useEffect(() => { if (turn) reload(); }, [turn]);
  return (
    <section class="sheet" aria-labelledby="proposals">
      <div class="sheet-head">
        <h2 id="proposals">{t('proposals.title')}</h2>
        {data && data.proposals.length > 0 && <Button icon="letter" onClick={() => setPreview(true)}>{t('message.open')}</Button>}
      </div>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton />}
      {data && !data.proposals.length && <Empty icon="star" title={t('proposals.none')} />}
      <ol class="proposals">
        {data?.proposals.map((p, i) => (
          <li key={p.product.id}>
            <span class="rank" aria-hidden="true">{i + 1}</span>
            <div>
              <a href={`/catalogue/${seg(p.product.id)}`}><b>{p.product.title}</b></a>
              {p.product.price !== null && <span class="price">{money(p.product.price)}</span>}
              <ul class="why">{p.reasons.map((r) => <li key={r.text.en}><Icon name="star" />{pick(r.text)}</li>)}</ul>
            </div>
          </li>
        ))}
      </ol>
      {data && <p class="origin">{t('proposals.model', { model: data.model })}</p>}
      {preview && data && <MessagePreview customer={customer} proposals={data.proposals.map((p) => p.product)} onClose={() => setPreview(false)} />}
    </section>
  );
}
