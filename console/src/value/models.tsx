/* The models that were fitted, with their parameters and what the search for them says. */
import type { ValueModel, ValueReport } from '../api-types.js';
import { number, precise } from '../format.js';
import { t, type MessageKey } from '../i18n.js';
import { Chip, Table } from '../ui.js';
import { nameOf } from './head.js';
import { healthOf, said, saidLang } from './said.js';

const TOGETHER = 0.3;  // a correlation from which on the model of spend is doubtful

function Parameters({ model }: { model: ValueModel }) {
  if (!model.parameters.length) return <span class="muted">—</span>;
  return (
    <ul class="parameters">
      {model.parameters.map((p) => (
        <li key={p.name}><i lang="en">{p.name}</i> = {precise(p.value)}
          <span class="muted"> ± {p.error === null ? <abbr title={t('value.error_unknown')}>?</abbr> : precise(p.error)}</span></li>
      ))}
    </ul>
  );
}

export function Models({ r }: { r: ValueReport }) {
  return (
    <section class="sheet wraps" aria-labelledby="models">
      <div class="sheet-head"><h2 id="models">{t('value.models')}</h2><a href="/models">{t('value.versions')}</a></div>
      <p class="muted">{t('value.models_text')}</p>
      <Table label={t('value.models')} cards rows={r.models} rowKey={(m) => m.name} columns={[
        { key: 'name', label: t('value.model'), head: true, cell: (m) => (
          <>{nameOf(m.name)} {m.name === r.model && <Chip tone="good">{t('value.counts')}</Chip>}
            <p class="help">{t(`value_about.${m.name}` as MessageKey)}</p></>) },
        { key: 'parameters', label: t('value.parameters'), cell: (m) => <Parameters model={m} /> },
        { key: 'likelihood', label: t('value.likelihood'), number: true, cell: (m) => (m.logLikelihood === null ? '—' : number(Math.round(m.logLikelihood * 10) / 10)) },
        { key: 'diagnosis', label: t('value.diagnosis'), cell: (m) => <Diagnosis of={m} /> },
      ]} />
      {r.frequencySpend !== null && (
        <p class="muted">{t('value.together', { r: precise(Math.round(r.frequencySpend * 1000) / 1000) })}{' '}
          {t(Math.abs(r.frequencySpend) > TOGETHER ? 'value.together_doubt' : 'value.together_fine')}</p>
      )}
    </section>
  );
}

export function Diagnosis({ of }: { of: { converged: boolean; diagnosis: string } }) {
  const health = healthOf(of.converged, of.diagnosis);
  return (
    <div class="diagnosis">
      <Chip tone={health}>{t(`value_health.${health}`)}</Chip>
      <p class="help" lang={saidLang(of.diagnosis)}>{said(of.diagnosis)}</p>
    </div>
  );
}
