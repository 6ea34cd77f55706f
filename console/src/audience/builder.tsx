/* Conditions as rows in groups. */
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.js';
import { Button, Choice } from '../ui.js';
import { freshRow, RowLine, type World } from './builder-row.js';
import type { Group, Joint, Model, Row } from './model.js';

const joints = (): { value: Joint; label: string }[] => [
  { value: 'and', label: t('audience.all_of') }, { value: 'or', label: t('audience.any_of') },
];

/* A row that came or went takes the focus with it. */
function useRowFocus(rows: number) {
  const box = useRef<HTMLFieldSetElement>(null);
  const next = useRef('');
  useEffect(() => {
    if (next.current) box.current?.querySelector<HTMLElement>(next.current)?.focus();
    next.current = '';
  }, [rows]);
  return { box, follow: (what: string) => { next.current = what; } };
}

function GroupBox({ world, group, onChange, onRemove }: {
  world: World; group: Group; onChange: (group: Group) => void; onRemove: (() => void) | null;
}) {
  const set = (i: number, row: Row | null) =>
    onChange({ ...group, rows: group.rows.flatMap((old, k) => (k !== i ? [old] : row ? [row] : [])) });
  const { box, follow } = useRowFocus(group.rows.length);
  return (
    <fieldset class="cond-group" ref={box}>
      <legend class="spoken">{t('audience.group')}</legend>
      {group.rows.length > 1 && (
        <Choice label={t('audience.joint')} value={group.joint} options={joints()} onChange={(joint) => onChange({ ...group, joint })} />
      )}
      <ul class="cond-rows">
        {group.rows.map((row, i) => (
          <RowLine key={i} world={world} row={row} onChange={(r) => set(i, r)} onRemove={() => { follow('.actions button'); set(i, null); }} />
        ))}
      </ul>
      <div class="actions">
        <Button icon="plus" onClick={() => {
          follow('.cond-row:last-child select');
          onChange({ ...group, rows: [...group.rows, freshRow(world)] });
        }}>{t('audience.add_row')}</Button>
        {onRemove && <Button look="quiet" onClick={onRemove}>{t('audience.remove_group')}</Button>}
      </div>
    </fieldset>
  );
}

export function Builder({ world, model, onChange }: { world: World; model: Model; onChange: (model: Model) => void }) {
  const set = (i: number, group: Group | null) =>
    onChange({ ...model, groups: model.groups.flatMap((old, k) => (k !== i ? [old] : group ? [group] : [])) });
  const many = model.groups.length > 1;
  return (
    <div class="builder">
      {many && <Choice label={t('audience.joint_groups')} value={model.joint} options={joints()} onChange={(joint) => onChange({ ...model, joint })} />}
      {model.groups.map((group, i) => (
        <GroupBox key={i} world={world} group={group} onChange={(g) => set(i, g)} onRemove={many ? () => set(i, null) : null} />
      ))}
      <Button look="quiet" icon="plus"
              onClick={() => onChange({ ...model, groups: [...model.groups, { joint: 'and', rows: [freshRow(world)] }] })}>
        {t('audience.add_group')}
      </Button>
    </div>
  );
}
