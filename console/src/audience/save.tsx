/* Saving: the name, why, and for one that exists who gains and who loses by it. */
import { useEffect, useState } from 'preact/hooks';
import { post, put, seg } from '../api.js';
import type { Audience, AudienceCompared } from '../api-types.js';
import { useAction } from '../data.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { SaveDialog } from '../saved.js';
import { announce, ErrorBox, Skeleton } from '../ui.js';
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
  const save = (named: { name: string; note: string }) => {
    const body = { ...named, condition };
    return audience ? put<Audience>(`/audiences/${seg(audience.id)}`, body) : post<Audience>('/audiences', body);
  };
  return (
    <SaveDialog title={t('audience.save')} name={audience?.name ?? ''} wide={!!audience} save={save} onClose={onClose}
                onDone={(saved) => { announce(t('audience.saved')); onDone(saved); }}
                before={count !== null && <p class="muted">{t('audience.saves', { n: count })}: {number(count)}</p>}
                after={audience && <Change before={audience.condition} after={condition} />} />
  );
}
