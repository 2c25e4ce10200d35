// What a question lets its approver edit: each text in a field of its own, and below it what changes before it is sent.
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { editFieldsOf, editKey, patchesOf, type Content, type EditField, type Edited } from '../model/edits.ts';
import { Diff } from '../parts/diff.tsx';

interface ContentEditorProps {
  readonly contents: readonly Content[];
  readonly edited: Signal<Edited>;
}

export function ContentEditor({ contents, edited }: ContentEditorProps): JSX.Element {
  const { problems } = patchesOf(contents, edited.value);
  return (
    <>
      {contents.map((content) => (
        <fieldset class="group">
          <legend>
            <code>{content.node}</code>
          </legend>
          {editFieldsOf(content).map((field) => {
            const key = editKey(content.node, field);
            return (
              <EditRow
                key={key}
                field={field}
                text={edited.value[key] ?? field.text}
                problem={problems[key]}
                onEdit={(text) => (edited.value = { ...edited.value, [key]: text })}
              />
            );
          })}
        </fieldset>
      ))}
    </>
  );
}

interface EditRowProps {
  readonly field: EditField;
  readonly text: string;
  readonly problem?: string;
  readonly onEdit: (text: string) => void;
}

function EditRow({ field: { label, kind, text: before }, text, problem, onEdit }: EditRowProps): JSX.Element {
  const rows = Math.min(12, Math.max(1, Math.ceil(before.length / 80) + (before.match(/\n/g)?.length ?? 0)));
  return (
    <div class="edit">
      <label class="field">
        <span>{label}</span>
        <textarea
          class={kind === 'json' ? 'mono' : undefined}
          rows={rows}
          value={text}
          onInput={({ currentTarget }) => onEdit(currentTarget.value)}
        />
      </label>
      {problem !== undefined && <span class="field-problem">{problem}</span>}
      {text !== before && (
        <div class="edit-diff">
          <Diff before={before} after={text} />
          <button type="button" class="button small" onClick={() => onEdit(before)}>
            Undo the edit
          </button>
        </div>
      )}
    </div>
  );
}
