/* Joins two customers after a look at the outcome, and parts them again. */
import { useEffect, useState } from 'preact/hooks';
import { del, post, type ApiError } from '../api.js';
import type { Customer, CustomerRow, Merge, MergePreview } from '../api-types.js';
import { asApiError, useAction } from '../data.js';
import { dateTime, money, number } from '../format.js';
import { pick, t } from '../i18n.js';
import { traitName } from '../trait-name.js';
import { personName } from '../pages/people.js';
import { Button, Chip, Confirm, Dialog, ErrorBox, Input, Note, Skeleton, Table, TierChip, Value, When } from '../ui.js';
import { FindCustomer } from './find.js';
import { identifierName } from './identity.js';

function Side({ title, c }: { title: string; c: CustomerRow }) {
  return (
    <div class="side">
      <h3>{title}</h3>
      <p><b>{personName(c)}</b> <span class="muted">{c.id}</span></p>
      <p>{c.email ?? c.userId ?? ''}</p>
      <p><TierChip tier={c.tier} /></p>
      <dl>
        <div><dt>{t('people.orders')}</dt><dd>{number(c.orders)}</dd></div>
        <div><dt>{t('people.value')}</dt><dd>{money(c.value)}</dd></div>
        <div><dt>{t('people.firstSeen')}</dt><dd><When at={c.firstSeenAt} /></dd></div>
        <div><dt>{t('people.lastSeen')}</dt><dd><When at={c.lastSeenAt} /></dd></div>
      </dl>
    </div>
  );
}

export function Sides({ preview }: { preview: MergePreview }) {
  return (
    <>
      {preview.warnings.map((w) => <Note key={w.en} tone="warn">{pick(w)}</Note>)}
      <div class="sides">
        <Side title={t('merge.stays')} c={preview.winner} />
        <Side title={t('merge.joins')} c={preview.loser} />
        <Side title={t('merge.result')} c={preview.result} />
      </div>
      {preview.traits.length > 0 && (
        <Table label={t('traits.title')} rows={preview.traits} rowKey={(r) => r.name} columns={[
          { key: 'name', label: t('traits.name'), head: true, cell: (r) => traitName(r.name) },
          { key: 'winner', label: t('merge.stays'), cell: (r) => <Value of={r.winner} /> },
          { key: 'loser', label: t('merge.joins'), cell: (r) => <Value of={r.loser} /> },
          { key: 'result', label: t('merge.result'), cell: (r) => <b><Value of={r.result} /></b> },
        ]} />
      )}
      <p>{t('merge.identifiers')} {preview.identifiers.map((i) => (
        <Chip key={`${i.kind} ${i.value}`}>{identifierName(i.kind)}: {i.value}</Chip>))}</p>
    </>
  );
}

/* Steps: choose the other one, look, confirm. */
export function MergeDialog(props: {
  winner: string; loser?: string; onDone: (m: Merge) => void; onClose: () => void;
}) {
  const [winner, setWinner] = useState(props.winner);
  const [loser, setLoser] = useState(props.loser ?? '');
  const [note, setNote] = useState('');
  const [preview, setPreview] = useState<MergePreview | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const action = useAction();
  useEffect(() => {
    if (!loser) return;
    let wanted = true;
    setPreview(null);
    setError(null);
    post<MergePreview>('/merges/preview', { winner, loser }).then(
      (p) => { if (wanted) setPreview(p); }, (e: unknown) => { if (wanted) setError(asApiError(e)); });
    return () => { wanted = false; };
  }, [winner, loser]);
  const confirm = () => void action.run(
    () => post<Merge>('/merges', { winner, loser, ...(note.trim() ? { reason: note.trim() } : {}) }), props.onDone);
  return (
    <Dialog wide title={t('merge.title')} onClose={props.onClose}>
      <p>{t('merge.text')}</p>
      {!loser && <FindCustomer label={t('merge.which')} help={t('merge.which_help')} not={winner} onChoose={(c) => setLoser(c.id)} />}
      <ErrorBox error={error} />
      {loser && !preview && !error && <Skeleton />}
      {preview && (
        <>
          <Sides preview={preview} />
          <div class="actions">
            <Button onClick={() => { setWinner(loser); setLoser(winner); }}>{t('merge.swap')}</Button>
            {!props.loser && <Button onClick={() => { setLoser(''); setPreview(null); setWinner(props.winner); }}>{t('merge.other')}</Button>}
          </div>
          <Input label={t('merge.note')} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
          {!preview.allowed && <Note tone="warn">{t('merge.refused')}</Note>}
        </>
      )}
      <ErrorBox error={action.error} />
      <footer>
        <Button onClick={props.onClose}>{t('action.cancel')}</Button>
        {preview?.allowed && <Button look="main" icon="join" busy={action.busy} onClick={confirm}>{t('merge.confirm')}</Button>}
      </footer>
    </Dialog>
  );
}

const REASONS = ['by_hand', 'identify', 'alias', 'email'] as const;

function reasonName(reason: string): string {
  const known = REASONS.find((r) => r === reason);
  return known ? t(`merge_reason.${known}`) : reason;
}

export function Merges({ customer, onChanged }: { customer: Customer; onChanged: () => void }) {
  const [undoing, setUndoing] = useState<Merge | null>(null);
  const action = useAction();
  if (!customer.merges.length) return null;
  const undo = () => void action.run(() => del<Merge>(`/merges/${undoing!.id}`), () => { setUndoing(null); onChanged(); });
  return (
    <section class="sheet" aria-labelledby="merges">
      <h2 id="merges">{t('merges.title')}</h2>
      <p class="muted">{t('merges.histories', { n: customer.histories })}</p>
      <ul class="plain-list">
        {customer.merges.map((m) => (
          <li key={m.id} class="merge-row">
            <span>{t('merges.line', { loser: m.loser, winner: m.winner })} <Chip>{reasonName(m.reason)}</Chip>
              <span class="origin">{m.by}{m.note && ` · ${m.note}`} · {dateTime(m.at)}</span></span>
            {m.undoneAt ? <Chip>{t('merges.undone')}</Chip>
              : <Button onClick={() => setUndoing(m)} aria-label={`${t('merges.undo')}: ${m.loser}`}>{t('merges.undo')}</Button>}
          </li>
        ))}
      </ul>
      {undoing && (
        <Confirm title={t('merges.undo')} yes={t('merges.undo')} busy={action.busy} error={action.error}
                 onYes={undo} onClose={() => setUndoing(null)}>
          <p>{t('merges.undo_text', { loser: undoing.loser, winner: undoing.winner })}</p>
        </Confirm>
      )}
    </section>
  );
}
