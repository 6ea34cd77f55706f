/* Ctrl+K: to any page, or to any customer, by typing. */
import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import { query, type List } from '../api.js';
import type { CustomerRow } from '../api-types.js';
import { PLACES } from '../app.js';
import { useLoad, useRested } from '../data.js';
import { t, type MessageKey } from '../i18n.js';
import { Dialog, Icon, TierChip } from '../ui.js';
import { personName } from './people.js';

const MORE: { href: string; name: MessageKey }[] = [
  { href: '/data/live', name: 'data.live' }, { href: '/data/imports', name: 'data.imports' },
  { href: '/data/keys', name: 'data.keys' }, { href: '/data/rejections', name: 'data.rejections' },
  { href: '/data/schema', name: 'data.schema' }, { href: '/data/suggestions', name: 'data.suggestions' },
  { href: '/data/exports', name: 'data.exports' }, { href: '/models', name: 'models.title' },
];

export function Palette({ onClose }: { onClose: () => void }) {
  const { route } = useLocation();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const q = useRested(typed.trim(), 150);
  const { data } = useLoad<List<CustomerRow>>(
    q.length > 1 ? `/customers${query({ q, sort: 'last_seen', order: 'desc', limit: 6 })}` : null);
  const word = typed.trim().toLowerCase();
  const places = [...PLACES, ...MORE].filter((p) => t(p.name).toLowerCase().includes(word));
  const people = q.length > 1 && data ? data.items : [];
  const options = [
    ...places.map((p) => ({ href: p.href, show: <><Icon name="right" />{t(p.name)}</> })),
    ...people.map((c) => ({ href: `/people/${c.id}`, show: <><Icon name="person" /><b>{personName(c)}</b> <TierChip tier={c.tier} /></> })),
  ];
  const here = Math.min(at, options.length - 1);
  const go = (href: string) => {
    onClose();
    route(href);
  };
  const onKey = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    if (step && options.length) {
      e.preventDefault();
      setAt((here + step + options.length) % options.length);
    } else if (e.key === 'Enter' && options[here]) {
      e.preventDefault();
      go(options[here].href);
    }
  };
  return (
    <Dialog title={t('palette.title')} onClose={onClose}>
      <input class="palette-input" type="text" role="combobox" aria-label={t('palette.label')} autofocus autocomplete="off"
             aria-expanded={options.length > 0} aria-controls="palette-list" placeholder={t('palette.hint')}
             aria-activedescendant={options.length ? `palette-${here}` : undefined}
             value={typed} onInput={(e) => { setTyped(e.currentTarget.value); setAt(0); }} onKeyDown={onKey} />
      <ul id="palette-list" role="listbox" class="palette-list" aria-label={t('palette.title')}>
        {options.map((o, i) => (
          <li key={o.href} id={`palette-${i}`} role="option" aria-selected={i === here} onClick={() => go(o.href)}>{o.show}</li>
        ))}
      </ul>
      {!options.length && <p class="muted" role="status">{t('palette.none')}</p>}
    </Dialog>
  );
}
