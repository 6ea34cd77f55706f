/* Saving: the name, why, and for one that exists who gains and who loses by it. */
import { useEffect, useState } from 'preact/hooks';
import { post, put, seg } from '../api.js';
import type { Audience, AudienceCompared } from '../api-types.js';
import { useAction } from '../data.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { announce, Dialog, ErrorBox, FormEnd, Input, Skeleton } from '../ui.js';
import { PeopleTable } from './result.js';

function Change({ before, after }: { before: string; after: string }) {
  const [answer, setAnswer] = useState<AudienceCompared | null>(null);
  const action = useAction();
  useEffect(() => {
    void action.run(() => post<AudienceCompared>('/audiences/compare', { before, after }), setAnswer);
  }, [before, after]);
  if (before === after) return <p class="muted">{t('audience.same')}</p>;
  return (
    <>
      <h3>{t('audience.change')}</h3>
      <ErrorBox error={action.error} />
      {!answer && !action.error && <Skeleton lines={2} />}
      {answer && (
        <>
          <p>{t('audience.change_text', { before: answer.before, after: answer.after, gains: answer.gains, loses: answer.loses })}</p>
          {answer.gained.length > 0 && <details><summary>{t('audience.gained', { n: answer.gains })}</summary>
            <PeopleTable rows={answer.gained} label={t('audience.gained', { n: answer.gains })} /></details>}
          {answer.lost.length > 0 && <details><summary>{t('audience.lost', { n: answer.loses })}</summary>
            <PeopleTable rows={answer.lost} label={t('audience.lost', { n: answer.loses })} /></details>}
        </>
      )}
    </>
  );
}

export function Save({ audience, condition, count, onDone, onClose }: {
  audience: Audience | null; condition: string; count: number | null; onDone: (a: Audience) => void; onClose: () => void;
}) {
  const [name, setName] = useState(audience?.name ?? '');
  const [note, setNote] = useState('');
  const [checked, setChecked] = useState(false);
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    setChecked(true);
    if (!name.trim()) return;
    const body = { name: name.trim(), condition, note };
    void action.run(() => (audience ? put<Audience>(`/audiences/${seg(audience.id)}`, body) : post<Audience>('/audiences', body)),
      (saved) => { announce(t('audience.saved')); onDone(saved); });
  };
  return (
    <Dialog title={t('audience.save')} onClose={onClose} wide={!!audience}>
      <form onSubmit={submit} noValidate>
        {count !== null && <p class="muted">{t('audience.saves', { n: count })}: {number(count)}</p>}
        <Input label={t('audience.name')} name="name" value={name} autocomplete="off"
               error={checked && !name.trim() ? t('audience.need_name') : null} onInput={(e) => setName(e.currentTarget.value)} />
        <Input label={t('audience.note')} name="note" value={note} autocomplete="off" help={t('audience.note_help')}
               onInput={(e) => setNote(e.currentTarget.value)} />
        {audience && <Change before={audience.condition} after={condition} />}
        <FormEnd action={action} yes={t('action.save')} onClose={onClose} />
      </form>
    </Dialog>
  );
}
