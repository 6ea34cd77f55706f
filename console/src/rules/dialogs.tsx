/* A new model over inputs that one names; saving a version; taking a model out. */
import { useId, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { post, put, seg } from '../api.js';
import type { AudienceTerms, Model, ModelField, ModelPage, Sheet } from '../api-types.js';
import { forget, useAction, useLoad } from '../data.js';
import { t } from '../i18n.js';
import { NameField, RemoveDialog, SaveDialog, useNamed } from '../saved.js';
import { announce, Button, Dialog, FormEnd, IconButton } from '../ui.js';

const TYPES = ['number', 'string', 'boolean', 'date'] as const;
const TYPE_OF = { number: 'number', text: 'string', boolean: 'boolean', date: 'date', other: 'string' } as const;

function Fields({ fields, onChange }: { fields: ModelField[]; onChange: (fields: ModelField[]) => void }) {
  const { data } = useLoad<AudienceTerms>('/audience-terms');
  const list = useId();
  const set = (i: number, next: ModelField) => onChange(fields.map((f, k) => (k === i ? next : f)));
  const named = (i: number, name: string) => {
    const term = data?.terms.find((x) => x.name === name);
    set(i, { name, type: term ? TYPE_OF[term.kind] : fields[i]!.type ?? 'number' });
  };
  return (
    <fieldset class="rules-fields">
      <legend>{t('rules.inputs')}</legend>
      <p class="help">{t('rules.inputs_help')}</p>
      <datalist id={list}>{data?.terms.map((x) => <option key={x.name} value={x.name} />)}</datalist>
      {fields.map((f, i) => (
        <p key={i} class="rules-field">
          <input aria-label={t('rules.input_name', { n: i + 1 })} list={list} value={f.name} autocomplete="off" onInput={(e) => named(i, e.currentTarget.value)} />
          <select aria-label={t('rules.input_type', { n: i + 1 })} value={f.type} onChange={(e) => set(i, { ...f, type: e.currentTarget.value })}>
            {TYPES.map((type) => <option key={type} value={type}>{t(`feel_type.${type}`)}</option>)}
          </select>
          <IconButton icon="bin" label={t('rules.remove_input', { name: f.name || String(i + 1) })} onClick={() => onChange(fields.filter((_, k) => k !== i))} />
        </p>
      ))}
      <Button icon="plus" onClick={() => onChange([...fields, { name: '', type: 'number' }])}>{t('rules.add_input')}</Button>
    </fieldset>
  );
}

export function NewModel({ onClose }: { onClose: () => void }) {
  const { route } = useLocation();
  const named = useNamed('');
  const [fields, setFields] = useState<ModelField[]>([{ name: '', type: 'number' }]);
  const [outputType, setOutputType] = useState<string>('string');
  const action = useAction();
  const submit = named.submit((name) => {
    const inputs = fields.filter((f) => f.name.trim()).map((f) => ({ ...f, name: f.name.trim() }));
    void action.run(() => post<ModelPage>('/models', { name, inputs, outputType }), (page) => {
      forget('/models');
      route(`/rules/${seg(page.model.id)}`);
    });
  });
  return (
    <Dialog title={t('rules.new')} onClose={onClose} wide>
      <form onSubmit={submit} noValidate>
        <NameField label={t('rules.name')} help={t('rules.name_help')} {...named.field} />
        <Fields fields={fields} onChange={setFields} />
        <p><label>{t('rules.output_type')}{' '}
          <select value={outputType} onChange={(e) => setOutputType(e.currentTarget.value)}>
            {TYPES.map((type) => <option key={type} value={type}>{t(`feel_type.${type}`)}</option>)}
          </select></label></p>
        <FormEnd action={action} yes={t('rules.begin')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function SaveModel({ model, sheet, warned, onDone, onClose }: {
  model: Model; sheet: Sheet; warned: number; onDone: () => void; onClose: () => void;
}) {
  return (
    <SaveDialog title={t('rules.save')} name={model.name} onClose={onClose}
                before={warned > 0 && <p>{t('rules.saves_flawed', { n: warned })}</p>}
                save={(named) => put<ModelPage>(`/models/${seg(model.id)}`, { ...named, table: sheet })}
                onDone={() => { announce(t('rules.saved')); onDone(); }} />
  );
}

export function RemoveModel({ model, onClose }: { model: Model; onClose: () => void }) {
  return <RemoveDialog title={t('rules.remove')} text={t('rules.remove_text', { name: model.name })} said={t('rules.removed')}
                       path={`/models/${seg(model.id)}`} list="/models" page="/rules" onClose={onClose} />;
}
