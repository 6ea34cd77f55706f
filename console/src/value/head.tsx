/* What the base is worth and what that includes; which model counts and why. */
import type { ValueProof, ValueReport } from '../api-types.js';
import { day, money, number, percent, precise } from '../format.js';
import { t, type MessageKey } from '../i18n.js';
import { Figure, Note } from '../ui.js';
import { bestBy, isModel, nobodyLeaves, rowOf, rulesAhead } from './figures.js';

export const nameOf = (name: string): string => t(`value_name.${name}` as MessageKey);

export function Head({ r }: { r: ValueReport }) {
  const each = r.customers || 1;
  return (
    <>
      <dl class="figures ledger">
        <Figure label="value.base" value={money(r.value)} note={t('value.base_note', { days: r.horizonDays, each: money(r.value / each) })} />
        <Figure label="value.customers" value={number(r.customers)} note={t('value.customers_note', { n: r.people })} />
        <Figure label="value.expected" value={number(Math.round(r.expected))} note={t('value.expected_note', { each: number(r.expected / each) })} />
        <Figure label="value.mean_spend" value={money(r.meanSpend)} note={t('value.mean_spend_note')} />
      </dl>
      <p class="muted">
        {r.margin === 1 ? t('value.includes_revenue') : t('value.includes_contribution', { margin: percent(r.margin) })}{' '}
        {r.discount > 0 && t('value.includes_discount', { discount: percent(r.discount) })}{' '}
        {t('value.learnt_from', { n: r.transactions, from: day(r.from), to: day(r.asOf) })}
      </p>
    </>
  );
}

/* The models that do as well, or the next one. */
function others(proof: ValueProof): string {
  const rest = proof.rows.filter((row) => isModel(row.name) && row.name !== proof.best && row.rmse !== null)
    .sort((a, b) => a.rmse! - b.rmse!);
  const best = bestBy(proof, 'rmse');
  const equal = rest.filter((row) => best.includes(row.name)).map((row) => nameOf(row.name));
  if (equal.length) return t('value.why_equal', { models: equal.join(', ') });
  return rest[0] ? t('value.why_next', { model: nameOf(rest[0].name), rmse: precise(rest[0].rmse!) }) : '';
}

/* Where the search for its parameters stopped on the way, whatever it foretells is in doubt. */
function Unfound({ r }: { r: ValueReport }) {
  const found = r.models.find((m) => m.name === r.model)?.converged;
  return found ? null : <p>{t('value.unfound')}</p>;
}

/* Why the model counts, and where a rule of thumb does better. */
export function Why({ r }: { r: ValueReport }) {
  const { proof } = r;
  if (!proof) return <Note tone="warn"><strong>{t('value.unproved', { model: nameOf(r.model) })}</strong><p>{t('value.unproved_text')}</p><Unfound r={r} /></Note>;
  const ahead = rulesAhead(proof);
  const rmse = precise(rowOf(proof, proof.best)?.rmse ?? 0);
  return (
    <Note tone={ahead.some((a) => a.measure === 'rmse') ? 'warn' : 'good'}>
      <p><strong>{t('value.why', { model: nameOf(proof.best), n: proof.days, rmse })}</strong> {others(proof)}
        {r.model !== proof.best && <> {t('value.why_other', { best: nameOf(proof.best), model: nameOf(r.model) })}</>}</p>
      <p>{ahead.length === 0 ? t('value.no_rule_ahead') : <>
        {t('value.rule_ahead')} {ahead.map((a) => `${t(`value_measure.${a.measure}`)} (${nameOf(a.rule)})`).join('; ')}.</>}</p>
      <Unfound r={r} />
      {nobodyLeaves(r.map) && <p>{t('value.nobody_leaves')}</p>}
    </Note>
  );
}
