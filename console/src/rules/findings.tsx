/* What is wrong with a table, and what a person should know before publishing it. */
import type { ModelFlaw, Sheet, SheetRule, TableCheck, TableFinding } from '../api-types.js';
import { t } from '../i18n.js';
import { Button, Chip, Icon } from '../ui.js';
import { ruleForGap } from './sheet.js';
import { spoken, spokenPlace } from './spoken.js';

function findingWords(f: TableFinding): string {
  const where = f.where || t('rules.everywhere');
  switch (f.kind) {
    case 'gap': return t('finding.gap', { where, example: f.example });
    case 'overlap': return t('finding.overlap', { a: f.a, b: f.b, where, example: f.example });
    case 'unreachable': return t('finding.unreachable', { a: f.a });
    case 'duplicate': return t('finding.duplicate', { a: f.a, b: f.b });
    case 'type': return t('finding.type', { a: f.a, text: spoken(f.text) });
  }
}

const TONES = { gap: 'warn', overlap: 'bad', unreachable: 'warn', duplicate: 'warn', type: 'bad' } as const;

export function flawedRules(check: TableCheck): Set<number> {
  return new Set(check.findings.flatMap((f) => [f.a, f.b]).filter(Boolean));
}

/* warning: it reads, and can only ever be null. */
function Flaw({ flaw, warning }: { flaw: ModelFlaw; warning?: boolean }) {
  return (
    <li>
      {warning ? <Chip tone="warn">{t('rules.only_null')}</Chip> : <Chip tone="bad">{t('rules.flaw')}</Chip>} {spokenPlace(flaw.element)}: {spoken(flaw.text)}
    </li>
  );
}

/* stale: what is found is about the sheet as it was before the last edits. */
export function Findings({ check, flaws, warnings, sheet, stale, onRule }: {
  check: TableCheck; flaws: ModelFlaw[]; warnings: ModelFlaw[]; sheet: Sheet; stale: boolean; onRule: (rule: SheetRule) => void;
}) {
  const whole = !check.findings.length && !flaws.length && !warnings.length && !check.leftOut && !check.cut;
  return (
    <section class="sheet" aria-labelledby="findings" aria-busy={stale ? 'true' : undefined}>
      <h2 id="findings">{t('rules.findings')}</h2>
      {whole && <p role="status"><Icon name="check" /> {t('rules.whole')}</p>}
      <ul class="plain-list findings">
        {flaws.map((flaw, i) => <Flaw key={`flaw ${i}`} flaw={flaw} />)}
        {warnings.map((warning, i) => <Flaw key={`warning ${i}`} flaw={warning} warning />)}
        {check.findings.map((f, i) => (
          <li key={i}>
            <Chip tone={TONES[f.kind]}>{t(`finding_kind.${f.kind}`)}</Chip> {findingWords(f)}
            {f.kind === 'gap' && <> <Button look="quiet" aria-disabled={stale ? 'true' : undefined}
              onClick={() => { if (!stale) onRule(ruleForGap(sheet, f.tests)); }}>{t('rules.fill_gap')}</Button></>}
          </li>
        ))}
      </ul>
      {check.leftOut > 0 && <p class="help">{t('rules.left_out', { n: check.leftOut })}</p>}
      {check.cut && <p class="help">{t('rules.cut')}</p>}
    </section>
  );
}
