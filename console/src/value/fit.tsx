/* Fitting now: the button, how far it is, the way out, and what went wrong. */
import { t } from '../i18n.js';
import type { Fit } from '../jobs.js';
import { Button, ErrorBox, Note } from '../ui.js';
import { said, saidLang } from './said.js';

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
