/* Everything can be taken along, as lines of JSON. */
import { t } from '../i18n.js';
import { Copyable, Icon } from '../ui.js';

const KINDS = ['facts', 'customers', 'catalogue'] as const;

export function Exports() {
  return (
    <section aria-labelledby="exports">
      <h2 id="exports" class="spoken">{t('data.exports')}</h2>
      <p class="muted">{t('exports.text')}</p>
      <ul class="exports">
        {KINDS.map((kind) => (
          <li key={kind} class="sheet">
            <h3>{t(`exports.${kind}`)}</h3>
            <p>{t(`exports.${kind}_text`)}</p>
            <p><a class="button main" href={`/api/v1/export/${kind}`} download={`${kind}.ndjson`}>
              <Icon name="file" />{t('exports.download')}<span class="spoken">: {t(`exports.${kind}`)}</span></a></p>
            <Copyable text={`tendero export ${kind} --data DIR > ${kind}.ndjson`} label={t(`exports.${kind}`)} />
          </li>
        ))}
      </ul>
    </section>
  );
}
