/* The pieces every page is made of. */
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Tier } from './api-types.js';
import type { ApiError } from './api.js';
import { date, dateTime, ago, span } from './format.js';
import { t, type MessageKey } from './i18n.js';

/* ---- said aloud ---- */
export const spoken = signal('');

/* Tells people who do not see the screen what has just happened. */
export function announce(words: string): void {
  spoken.value = '';
  setTimeout(() => { spoken.value = words; }, 50);
}

/* The page's name in the tab; the shell moves focus to the heading when the page changes. */
export function useTitle(title: string): void {
  useLayoutEffect(() => {
    document.title = title ? `${title} · Tendero` : 'Tendero';
  }, [title]);
}

export function PageHead(props: {
  title: string; back?: { href: string; label: string }; lead?: ComponentChildren;
  children?: ComponentChildren;
}) {
  useTitle(props.title);
  return (
    <header class="page-head">
      {props.back && <a class="back" href={props.back.href}><Icon name="left" /> {props.back.label}</a>}
      <div class="page-title">
        <h1 tabIndex={-1}>{props.title}</h1>
        {props.children && <div class="actions">{props.children}</div>}
      </div>
      {props.lead && <p class="lead">{props.lead}</p>}
    </header>
  );
}

/* ---- icons: strokes of our own on a 20 x 20 square ---- */
const ICONS = {
  clock: 'M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM10 5v5l3 2',
  today: 'M3 9l7-6 7 6v8h-5v-5H8v5H3z',
  people: 'M7 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c0-3 2-5 5-5s5 2 5 5M13 9.500a2.500 2.500 0 1 0 0-5M14 12c2.500.300 4 2 4 5',
  audience: 'M3 4h14l-5.500 6.500V16l-3 1.500v-7z',
  rules: 'M3 4h14v12H3zM3 8h14M3 12h14M9 4v12',
  data: 'M3 5c0-3 14-3 14 0v10c0 3-14 3-14 0zM3 5c0 3 14 3 14 0M3 10c0 3 14 3 14 0',
  value: 'M3 16l5-6 3.500 3L17 5M12 5h5v5',
  heart: 'M10 17l-6.500-6.500a4 4 0 016.500-4.500 4 4 0 016.500 4.500z',
  tiers: 'M8 4h4v4H8zM5 8h10v4H5zM2 12h16v4H2z',
  share: 'M9 4a7 7 0 107 7H9zM12 2a6 6 0 016 6h-6z',
  results: 'M3 17V4M3 17h14M7 14V9M11 14V5M15 14v-3',
  recommendations: 'M10 3l2.1 4.5 4.9.6-3.6 3.4.9 4.9-4.3-2.4-4.3 2.4.9-4.9L3 8.1l4.9-.6z',
  catalogue: 'M3 6l7-3 7 3v8l-7 3-7-3zM3 6l7 3 7-3M10 9v8',
  settings: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
  left: 'M12 4l-6 6 6 6', right: 'M8 4l6 6-6 6', down: 'M4 8l6 6 6-6',
  search: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.500 13.500L17 17',
  close: 'M5 5l10 10M15 5L5 15', menu: 'M3 5h14M3 10h14M3 15h14', plus: 'M10 4v12M4 10h12',
  check: 'M4 10l4 4 8-8', out: 'M8 3H4v14h4M12 6l4 4-4 4M7 10h9', pause: 'M7 4v12M13 4v12',
  play: 'M6 4l10 6-10 6z', warn: 'M10 3l8 14H2zM10 8v4M10 14v1', info: 'M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM10 9v5M10 6v1',
  copy: 'M7 7h9v9H7zM4 13V4h9', file: 'M5 2h7l4 4v12H5zM12 2v4h4', person: 'M10 10a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 18c0-4 3-6 7-6s7 2 7 6',
  bag: 'M4 7h12l1 11H3zM7 9V6a3 3 0 0 1 6 0v3', eye: 'M2 10c4-7 12-7 16 0-4 7-12 7-16 0zM10 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  join: 'M4 4c0 6 6 4 6 12M16 4c0 6-6 4-6 12', star: 'M10 3l2.200 4.600 5 .700-3.600 3.500.800 5-4.400-2.400-4.400 2.400.800-5L2.800 8.300l5-.700z',
  pen: 'M4 16l1-4 9-9 3 3-9 9zM12 5l3 3', letter: 'M3 5h14v11H3zM3 6l7 5 7-5', bin: 'M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11',
} as const;
export type IconName = keyof typeof ICONS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={ICONS[name]} />
    </svg>
  );
}

export function Logo({ size = 32 }: { size?: number }) {
  return <img class="logo" src="/logo.svg" width={size} height={size} alt="" />;
}

/* ---- buttons and fields ---- */
type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'icon'> & {
  look?: 'main' | 'plain' | 'danger' | 'quiet'; icon?: IconName; busy?: boolean;
};

/* A busy button keeps its place in the tab order and refuses a second press. */
export function Button({ look = 'plain', icon, busy, children, onClick, type = 'button', ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} class={`button ${look}`} aria-busy={busy ? 'true' : undefined}
            aria-disabled={busy ? 'true' : rest['aria-disabled']}
            onClick={(e) => { if (busy) e.preventDefault(); else onClick?.(e); }}>
      {icon && <Icon name={icon} />}{children}
    </button>
  );
}

export function IconButton({ icon, label, ...rest }: Omit<JSX.IntrinsicElements['button'], 'icon'> & {
  icon: IconName; label: string;
}) {
  return (
    <button type="button" {...rest} class="button icon-only" aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

/* A label above its control; the control gets the id. */
export function Field(props: {
  label: string; help?: ComponentChildren; error?: string | null; wide?: boolean;
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: 'true' }) => ComponentChildren;
}) {
  const id = useId();
  const described = [props.help ? `${id}h` : '', props.error ? `${id}e` : ''].filter(Boolean).join(' ');
  return (
    <div class={props.wide ? 'field wide' : 'field'}>
      <label for={id}>{props.label}</label>
      {props.children({
        id, ...(described ? { 'aria-describedby': described } : {}),
        ...(props.error ? { 'aria-invalid': 'true' as const } : {}),
      })}
      {props.help && <p class="help" id={`${id}h`}>{props.help}</p>}
      {props.error && <p class="field-error" id={`${id}e`}>{props.error}</p>}
    </div>
  );
}

export function Select<T extends string>(props: {
  label: string; value: T; options: { value: T; label: string }[]; onChange: (value: T) => void;
  help?: ComponentChildren; disabled?: boolean;
}) {
  return (
    <Field label={props.label} help={props.help}>
      {(ids) => (
        <select {...ids} value={props.value} disabled={props.disabled}
                onChange={(e) => props.onChange(e.currentTarget.value as T)}>
          {props.options.map((o) => <option key={o.value} value={o.value} selected={o.value === props.value}>{o.label}</option>)}
        </select>
      )}
    </Field>
  );
}

export function Input(props: Omit<JSX.IntrinsicElements['input'], 'label'> & {
  label: string; help?: ComponentChildren; error?: string | null; wide?: boolean;
}) {
  const { label, help, error, wide, ...rest } = props;
  return (
    <Field label={label} help={help} error={error ?? null} wide={wide ?? false}>
      {(ids) => <input {...rest} {...ids} />}
    </Field>
  );
}

/* One of a few, all of them in sight. */
export function Choice<T extends string | number>({ label, value, options, onChange, wrap }: {
  label: string; value: T; options: readonly { value: T; label: ComponentChildren }[]; onChange: (value: T) => void; wrap?: boolean;
}) {
  return (
    <div class={wrap ? 'choices wrap' : 'choices'} role="group" aria-label={label}>
      {options.map((o) => (
        <button key={o.value} type="button" aria-pressed={o.value === value} onClick={() => onChange(o.value)}>{o.label}</button>
      ))}
    </div>
  );
}

/* ---- answers of the server ---- */
function errorWords(error: ApiError): string {
  if (error.status === 0) return t('error.network');
  if (error.status === 429)
    return error.retryAfterS === null ? t('error.busy')
      : t('error.throttled', { wait: span(error.retryAfterS) });
  if (error.status === 403) return t('error.denied');
  if (error.status >= 500) return t('error.server');
  if (error.status === 404) return t('error.not_found');
  return t('error.refused');
}

export function ErrorBox({ error, retry }: { error: ApiError | null; retry?: () => void }) {
  if (!error) return null;
  const { detail, remedy, pointer } = error.problem;
  return (
    <div class="box bad" role="alert">
      <Icon name="warn" />
      <div>
        <p><strong>{errorWords(error)}</strong></p>
        {detail && <p lang="en">{detail}{pointer ? ` (${pointer})` : ''}</p>}
        {remedy && <p lang="en">{remedy}</p>}
        {retry && <Button onClick={retry}>{t('action.retry')}</Button>}
      </div>
    </div>
  );
}

export function Note({ children, tone = 'info' }: { children: ComponentChildren; tone?: 'info' | 'warn' | 'good' }) {
  return (
    <div class={`box ${tone}`}>
      <Icon name={tone === 'warn' ? 'warn' : tone === 'good' ? 'check' : 'info'} />
      <div>{children}</div>
    </div>
  );
}

export function Empty({ title, children, icon = 'bag' }: {
  title: string; children?: ComponentChildren; icon?: IconName;
}) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t('state.loading')}>
      {Array.from({ length: lines }, (_, i) => <span key={i} class={`ghost w${i % 3}`} />)}
    </div>
  );
}

/* ---- small words ---- */
export function TierChip({ tier }: { tier: Tier }) {
  return <span class={`chip tier-${tier}`}><span class="dot" aria-hidden="true" />{t(`tier.${tier}`)}</span>;
}

export function Chip({ children, tone = '' }: { children: ComponentChildren; tone?: '' | 'good' | 'warn' | 'bad' }) {
  return <span class={`chip ${tone}`}>{children}</span>;
}

export function When({ at, relative }: { at: string | null; relative?: boolean }) {
  if (!at) return <span class="muted">{t('word.never')}</span>;
  return <time dateTime={at} title={dateTime(at)}>{relative ? ago(at) : date(at)}</time>;
}

/* Any JSON value, for people. */
export function Value({ of }: { of: unknown }) {
  if (of === null || of === undefined) return <span class="muted">{t('word.none')}</span>;
  if (typeof of === 'boolean') return <>{of ? t('word.yes') : t('word.no')}</>;
  if (typeof of === 'string') return <>{/^\d{4}-\d\d-\d\dT/.test(of) ? dateTime(of) : of}</>;
  if (typeof of === 'number') return <>{String(of)}</>;
  if (Array.isArray(of) && of.every((v) => typeof v !== 'object')) return <>{of.join(', ')}</>;
  if (typeof of === 'object' && !Array.isArray(of) && Object.values(of).every((v) => typeof v !== 'object'))
    return (
      <dl class="pairs">
        {Object.entries(of).map(([k, v]) => <div key={k}><dt>{k}</dt><dd><Value of={v} /></dd></div>)}
      </dl>
    );
  return <code class="json">{JSON.stringify(of)}</code>;
}

export function Copyable({ text, label, block }: { text: string; label: string; block?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // no permission, or not a secure context: select it by hand
      const area = document.createElement('textarea');
      area.value = text;
      (document.querySelector('dialog[open]') ?? document.body).append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
    setCopied(true);
    announce(t('action.copied'));
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div class={block ? 'copyable block' : 'copyable'}>
      <pre tabIndex={0} aria-label={label}><code>{text}</code></pre>
      <Button icon={copied ? 'check' : 'copy'} onClick={() => void copy()}
              aria-label={`${t('action.copy')}: ${label}`}>{copied ? t('action.copied') : t('action.copy')}</Button>
    </div>
  );
}

/* ---- dialog: the browser's own keeps focus inside and gives it back ---- */
export function Dialog(props: {
  title: string; onClose: () => void; children: ComponentChildren; wide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();  // before it leaves the page: closing gives the focus back
  }, []);
  return (
    <dialog ref={ref} class={props.wide ? 'wide' : ''} aria-labelledby={id}
            onCancel={(e) => { e.preventDefault(); props.onClose(); }}
            onClick={(e) => { if (e.target === ref.current) props.onClose(); }}>
      <div class="dialog-body">
        <header>
          <h2 id={id}>{props.title}</h2>
          <IconButton icon="close" label={t('action.close')} onClick={props.onClose} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

export function Confirm(props: {
  title: string; children: ComponentChildren; yes: string; danger?: boolean; busy: boolean;
  error: ApiError | null; onYes: () => void; onClose: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {props.children}
      <ErrorBox error={props.error} />
      <footer>
        <Button onClick={props.onClose}>{t('action.cancel')}</Button>
        <Button look={props.danger ? 'danger' : 'main'} busy={props.busy} onClick={props.onYes}>{props.yes}</Button>
      </footer>
    </Dialog>
  );
}

/* The end of a form in a dialog: what the server said, and the way out or on. */
export function FormEnd({ action, yes, onClose, children }: {
  action: { busy: boolean; error: ApiError | null }; yes: string; onClose: () => void;
  children?: ComponentChildren;
}) {
  return (
    <>
      <ErrorBox error={action.error} />
      <footer>
        {children}
        <Button onClick={onClose}>{t('action.cancel')}</Button>
        <Button type="submit" look="main" busy={action.busy}>{yes}</Button>
      </footer>
    </>
  );
}

/* ---- links that look like tabs: the choice is in the URL ---- */
export function TabLinks(props: { label: string; tabs: { href: string; label: string; on: boolean }[] }) {
  const ref = useRef<HTMLElement>(null);
  const on = props.tabs.find((tab) => tab.on)?.href;
  useEffect(() => {  // on a narrow screen the chosen one may be out of sight
    const nav = ref.current;
    const link = nav?.querySelector<HTMLElement>('[aria-current]');
    if (nav && link) nav.scrollLeft = link.offsetLeft - (nav.clientWidth - link.offsetWidth) / 2;
  }, [on]);
  return (
    <nav ref={ref} class="tabs" aria-label={props.label}>
      {props.tabs.map((tab) => (
        <a key={tab.href} href={tab.href} aria-current={tab.on ? 'page' : undefined}>{tab.label}</a>
      ))}
    </nav>
  );
}

/* ---- tables ---- */
export type Column<R> = {
  key: string; label: string; cell: (row: R) => ComponentChildren; number?: boolean;
  sort?: string; head?: boolean;
};

/* Arrow keys walk over the rows' links; on a narrow screen each row is a card. */
export function Table<R>(props: {
  label: string; columns: Column<R>[]; rows: R[]; rowKey: (row: R) => string | number;
  sort?: string; order?: string; onSort?: (column: string) => void; cards?: boolean; busy?: boolean;
}) {
  const walk = (e: JSX.TargetedKeyboardEvent<HTMLElement>) => {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
    const links = [...e.currentTarget.querySelectorAll<HTMLElement>('a.row-link')];
    const here = links.indexOf(document.activeElement as HTMLElement);
    const next = links[here + (e.key === 'ArrowDown' ? 1 : -1)];
    if (here < 0 || !next) return;
    e.preventDefault();
    next.focus();
  };
  return (
    <div class={props.cards ? 'table cards' : 'table'} role="group" aria-label={props.label}
         tabIndex={0} onKeyDown={walk} aria-busy={props.busy ? 'true' : undefined}>
      <table>
        <thead>
          <tr>
            {props.columns.map((c) => (
              <th key={c.key} scope="col" class={c.number ? 'number' : ''}
                  aria-sort={!c.sort || props.sort !== c.sort ? undefined
                    : props.order === 'asc' ? 'ascending' : 'descending'}>
                {c.sort && props.onSort
                  ? <button type="button" class="sort" onClick={() => props.onSort?.(c.sort!)}>{c.label}</button>
                  : c.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.rowKey(row)}>
              {props.columns.map((c) => c.head
                ? <th key={c.key} scope="row">{c.cell(row)}</th>
                : <td key={c.key} class={c.number ? 'number' : ''} data-label={c.label}>{c.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/* ---- figures as in a ledger: a word and its number ---- */
export function Figure({ label, value, note, href }: {
  label: MessageKey; value: ComponentChildren; note?: ComponentChildren; href?: string;
}) {
  return (
    <div class="figure">
      <dt>{t(label)}</dt>
      <dd>{href ? <a href={href}>{value}</a> : value}{note && <small>{note}</small>}</dd>
    </div>
  );
}
