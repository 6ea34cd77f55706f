/* Fitting now: the button, how far it is, the way out, and what went wrong. */
import { useEffect, useRef } from 'preact/hooks';
import { post, seg } from '../api.js';
import type { Job } from '../api-types.js';
import { useAction } from '../data.js';
import { t } from '../i18n.js';
import { active, useJobs } from '../jobs.js';
import { Button, ErrorBox, Note } from '../ui.js';
import { said, saidLang } from './said.js';

/* onDone: there may be another fit. */
export function useFit(onDone: () => void) {
  const { jobs, put } = useJobs((j) => j.kind === 'value');
  const action = useAction();
  const last = jobs?.[0] ?? null;
  const busy = last !== null && active(last);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !busy) onDone();
    was.current = busy;
  }, [busy]);
  return {
    last, busy, action,
    start: () => void action.run(() => post<Job>('/value/fits', {}), put),
    cancel: () => void action.run(() => post<Job>(`/imports/${seg(last!.id)}/cancel`), put),
  };
}
type Fit = ReturnType<typeof useFit>;

export function FitButton({ fit }: { fit: Fit }) {
  return <Button look="main" icon="value" busy={fit.busy || fit.action.busy} onClick={fit.start}>{t('value.fit')}</Button>;
}

export function FitState({ fit }: { fit: Fit }) {
  const { last } = fit;
  return (
    <>
      {fit.busy && last && (
        <div class="box info" role="status">
          <div>
            <p>{t('value.fitting')}</p>
            <progress max={Math.max(last.bytesTotal, 1)} value={last.bytesDone} aria-label={t('value.fitting')} />
          </div>
          <Button onClick={fit.cancel}>{t('action.cancel')}</Button>
        </div>
      )}
      {last?.state === 'failed' && last.error && (
        <Note tone="warn"><p>{t('value.failed')} <span lang={saidLang(last.error)}>{said(last.error)}</span></p></Note>
      )}
      {last?.state === 'cancelled' && <Note>{t('value.cancelled')}</Note>}
      <ErrorBox error={fit.action.error} />
    </>
  );
}
