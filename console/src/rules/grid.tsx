/* The sheet on the screen: a cell is a field; Enter and the arrows walk down and up, cells of a spreadsheet paste. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import type { ModelElement, Sheet } from '../api-types.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { Button, Copyable, IconButton } from '../ui.js';
import { addInput, addRule, AGGREGATIONS, cellOf, HIT_POLICIES, moveRule, paste, readCells, removeInput, removeRule, setCell, width, writeCells } from './sheet.js';

type Edit = (sheet: Sheet, cell?: string) => void;
export type Marks = { hits: number[]; counts: number[] | null; flawed: Set<number> };

const headOf = (sheet: Sheet, column: number): string => {
  const input = sheet.inputs[column];
  const output = sheet.outputs[column - sheet.inputs.length];
  return input ? input.label || input.expression : output ? output.label || output.name || sheet.decision : t('rules.note');
};

function Policy({ sheet, onEdit }: { sheet: Sheet; onEdit: Edit }) {
  return (
    <p class="rules-policy">
      <label>{t('rules.hit_policy')}{' '}
        <select value={sheet.hitPolicy} onChange={(e) => onEdit({ ...sheet, hitPolicy: e.currentTarget.value as Sheet['hitPolicy'], aggregation: '' })}>
          {HIT_POLICIES.map((p) => <option key={p} value={p}>{t(`hit_policy.${p}`)}</option>)}
        </select>
      </label>
      {sheet.hitPolicy === 'COLLECT' && (
        <label>{t('rules.aggregation')}{' '}
          <select value={sheet.aggregation} onChange={(e) => onEdit({ ...sheet, aggregation: e.currentTarget.value })}>
            {AGGREGATIONS.map((a) => <option key={a} value={a}>{t(`aggregation.${a || 'NONE'}`)}</option>)}
          </select>
        </label>
      )}
    </p>
  );
}

function Head({ sheet, counted, onEdit }: { sheet: Sheet; counted: boolean; onEdit: Edit }) {
  return (
    <thead>
      <tr>
        <th scope="col">{t('rules.rule')}</th>
        {sheet.inputs.map((input, i) => (
          <th key={i} scope="col">{headOf(sheet, i)} <span class="muted">{input.type}</span>{' '}
            <IconButton icon="bin" label={t('rules.remove_input', { name: headOf(sheet, i) })} onClick={() => onEdit(removeInput(sheet, i))} /></th>
        ))}
        {sheet.outputs.map((output, o) => (
          <th key={o} scope="col" class="says">{headOf(sheet, sheet.inputs.length + o)} <span class="muted">{output.type}</span></th>
        ))}
        <th scope="col">{t('rules.note')}</th>
        {counted && <th scope="col" class="number">{t('rules.customers')}</th>}
        <th scope="col">{t('word.actions')}</th>
      </tr>
    </thead>
  );
}

/* Where the keyboard is, by the rule and column of a cell. */
function focusCell(box: HTMLElement | null, rule: number, column: number): void {
  box?.querySelector<HTMLInputElement>(`[data-cell="${rule} ${column}"]`)?.focus();
}

function useCells(sheet: Sheet, onEdit: Edit) {
  const box = useRef<HTMLTableElement>(null);
  const wanted = useRef<[number, number] | null>(null);
  useLayoutEffect(() => {  // with the cells it is about: a later effect may be of an earlier sheet
    if (wanted.current) focusCell(box.current, ...wanted.current);
    wanted.current = null;
  }, [sheet]);
  const edit = (next: Sheet, rule: number, column: number) => { wanted.current = [rule, column]; onEdit(next); };
  const key = (e: JSX.TargetedKeyboardEvent<HTMLInputElement>, rule: number, column: number) => {
    const step = e.key === 'ArrowDown' || e.key === 'Enter' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    if (!step || e.isComposing) return;
    e.preventDefault();
    if (e.altKey) edit(moveRule(sheet, rule, rule + step), Math.max(0, Math.min(sheet.rules.length - 1, rule + step)), column);
    else if (e.key === 'Enter' && rule + 1 === sheet.rules.length) edit(addRule(sheet, rule + 1), rule + 1, 0);
    else focusCell(box.current, rule + step, column);
  };
  const pasted = (e: JSX.TargetedClipboardEvent<HTMLInputElement>, rule: number, column: number) => {
    const text = e.clipboardData?.getData('text/plain') ?? '';
    if (!/[\t\n]/.test(text.trimEnd())) return;
    e.preventDefault();
    edit(paste(sheet, rule, column, readCells(text)), rule, column);
  };
  return { box, edit, key, pasted };
}

function Cell({ sheet, rule, column, cells, onEdit }: {
  sheet: Sheet; rule: number; column: number; cells: ReturnType<typeof useCells>; onEdit: Edit;
}) {
  return (
    <td class={column >= sheet.inputs.length ? 'says' : ''}>
      <input data-cell={`${rule} ${column}`} aria-label={t('rules.cell', { rule: rule + 1, name: headOf(sheet, column) })}
             spellcheck={false} autocomplete="off" value={cellOf(sheet, rule, column)}
             onInput={(e) => onEdit(setCell(sheet, rule, column, e.currentTarget.value), `${rule} ${column}`)}
             onKeyDown={(e) => cells.key(e, rule, column)} onPaste={(e) => cells.pasted(e, rule, column)} />
    </td>
  );
}

function AddInput({ sheet, elements, onEdit }: { sheet: Sheet; elements: ModelElement[]; onEdit: Edit }) {
  const free = elements.filter((e) => e.kind === 'input' && !sheet.inputs.some((i) => i.expression === e.name));
  if (!free.length) return null;
  return (
    <select aria-label={t('rules.add_input')} value="" onChange={(e) => onEdit(addInput(sheet, e.currentTarget.value, ''))}>
      <option value="">{t('rules.add_input')}</option>
      {free.map((e) => <option key={e.name} value={e.name}>{e.name}</option>)}
    </select>
  );
}

export function Grid({ sheet, elements, marks, onEdit }: { sheet: Sheet; elements: ModelElement[]; marks: Marks; onEdit: Edit }) {
  const cells = useCells(sheet, onEdit);
  const columns = Array.from({ length: width(sheet) }, (_, c) => c);
  return (
    <>
      <Policy sheet={sheet} onEdit={onEdit} />
      <div class="table" role="group" aria-label={sheet.decision} tabIndex={0}>
        <table class="rules-grid" ref={cells.box}>
          <Head sheet={sheet} counted={marks.counts !== null} onEdit={onEdit} />
          <tbody>
            {sheet.rules.map((_, r) => (
              <tr key={r} class={marks.hits.includes(r + 1) ? 'hit' : marks.flawed.has(r + 1) ? 'flawed' : ''}>
                <th scope="row">{number(r + 1)}{marks.hits.includes(r + 1) && <span class="chip good">{t('rules.hits')}</span>}</th>
                {columns.map((c) => <Cell key={c} sheet={sheet} rule={r} column={c} cells={cells} onEdit={onEdit} />)}
                {marks.counts && <td class="number">{number(marks.counts[r] ?? 0)}</td>}
                <td><IconButton icon="bin" label={t('rules.remove_rule', { rule: r + 1 })} onClick={() => onEdit(removeRule(sheet, r))} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!sheet.rules.length && <p class="muted">{t('rules.no_rules')}</p>}
      <div class="actions">
        <Button icon="plus" onClick={() => cells.edit(addRule(sheet, sheet.rules.length), sheet.rules.length, 0)}>{t('rules.add_rule')}</Button>
        <AddInput sheet={sheet} elements={elements} onEdit={onEdit} />
      </div>
      {sheet.rules.length > 0 && (
        <details><summary>{t('rules.copy')}</summary><Copyable block text={writeCells(sheet)} label={t('rules.copy')} /></details>
      )}
      <p class="help">{t('rules.grid_help')}</p>
    </>
  );
}
