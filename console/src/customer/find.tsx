/* Chooses another customer: a search field and its first finds. */
import { useState } from 'preact/hooks';
import { query, type List } from '../api.js';
import type { CustomerRow } from '../api-types.js';
import { useLoad, useRested } from '../data.js';
import { t } from '../i18n.js';
import { personName } from '../pages/people.js';
import { ErrorBox, Input, TierChip } from '../ui.js';

const REST_MS = 150;

export function FindCustomer(props: {
  label: string; not: string; onChoose: (c: CustomerRow) => void; help?: string;
}) {
  const [typed, setTyped] = useState('');
  const q = useRested(typed.trim(), REST_MS);
  const { data, error } = useLoad<List<CustomerRow>>(
    q ? `/customers${query({ q, sort: 'last_seen', order: 'desc', limit: 8 })}` : null);
  const found = data?.items.filter((c) => c.id !== props.not) ?? [];
  return (
    <div class="find">
      <Input label={props.label} help={props.help} type="search" value={typed} autocomplete="off"
             onInput={(e) => setTyped(e.currentTarget.value)} />
      <ErrorBox error={error} />
      {q && data && !found.length && <p class="muted" role="status">{t('find.none')}</p>}
      <ul class="found">
        {found.map((c) => (
          <li key={c.id}>
            <button type="button" onClick={() => props.onChoose(c)}>
              <b>{personName(c)}</b><span class="muted">{c.email ?? c.userId ?? c.id}</span><TierChip tier={c.tier} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
