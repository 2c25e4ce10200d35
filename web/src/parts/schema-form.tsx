// A form made of a JSON Schema, each problem at its field; and the same as raw JSON, for what a form cannot say.
import type { JSX } from 'preact';
import { problemsByField, type Field, type FieldProblem, type Filled } from '../model/schema-form.ts';

interface SchemaFormProps {
  readonly fields: readonly Field[];
  readonly filled: Filled;
  readonly problems: readonly FieldProblem[];
  readonly onFill: (path: string, value: Filled[string]) => void;
}

export function SchemaForm({ fields, filled, problems, onFill }: SchemaFormProps): JSX.Element {
  const { of, rest } = problemsByField(fields, problems);
  return (
    <div class="form">
      {fields.map((field) => (
        <FieldRow key={field.path} field={field} filled={filled} problemOf={of} onFill={onFill} />
      ))}
      {rest.length > 0 && (
        <ul class="notice tone-bad" role="alert">
          {rest.map(({ path, message }) => (
            <li>{path === '' ? message : `${path}: ${message}`}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface FieldRowProps extends Pick<SchemaFormProps, 'filled' | 'onFill'> {
  readonly field: Field;
  readonly problemOf: (path: string) => string;
}

function FieldRow({ field, ...rest }: FieldRowProps): JSX.Element {
  if (field.kind === 'group') {
    return (
      <fieldset class="group">
        <legend>{field.title}</legend>
        {(field.fields ?? []).map((inner) => (
          <FieldRow key={inner.path} field={inner} {...rest} />
        ))}
      </fieldset>
    );
  }
  if (field.kind === 'choices') return <Choices field={field} {...rest} />;
  return <OneField field={field} {...rest} />;
}

function OneField({ field, filled, problemOf, onFill }: FieldRowProps): JSX.Element {
  const problem = problemOf(field.path);
  const id = `field${field.path}`;
  const about = [field.hint && `${id} hint`, problem && `${id} problem`]
    .filter(Boolean)
    .map((each) => String(each).replaceAll(' ', '-'));
  const shared = {
    id,
    required: field.isRequired,
    'aria-invalid': problem !== '',
    'aria-describedby': about.length > 0 ? about.join(' ') : undefined,
  };
  return (
    <div class={field.kind === 'flag' ? 'field flag' : 'field'}>
      <label for={id}>
        {field.title}
        {field.isRequired && (
          <span class="soft" aria-hidden="true">
            {' '}
            *
          </span>
        )}
      </label>
      <Control field={field} value={filled[field.path]} shared={shared} onFill={(value) => onFill(field.path, value)} />
      {field.hint !== undefined && (
        <span id={`${id}-hint`} class="soft hint">
          {field.hint}
        </span>
      )}
      {problem !== '' && (
        <span id={`${id}-problem`} class="field-problem">
          {problem}
        </span>
      )}
    </div>
  );
}

interface ControlProps {
  readonly field: Field;
  readonly value: Filled[string] | undefined;
  readonly shared: {
    readonly id: string;
    readonly required: boolean;
    readonly 'aria-invalid': boolean;
    readonly 'aria-describedby'?: string;
  };
  readonly onFill: (value: Filled[string]) => void;
}

function Control({ field: { kind, options = [] }, value = '', shared, onFill }: ControlProps): JSX.Element | null {
  const text = typeof value === 'string' ? value : '';
  switch (kind) {
    case 'flag':
      return (
        <input
          {...shared}
          required={false}
          type="checkbox"
          checked={value === true}
          onChange={({ currentTarget }) => onFill(currentTarget.checked)}
        />
      );
    case 'choice':
      return (
        <select {...shared} value={text} onChange={({ currentTarget }) => onFill(currentTarget.value)}>
          <option value="" />
          {options.map((option) => (
            <option value={option}>{option}</option>
          ))}
        </select>
      );
    case 'long':
    case 'lines':
    case 'json':
      return (
        <textarea
          {...shared}
          class={kind === 'json' ? 'mono' : undefined}
          rows={kind === 'lines' ? 3 : 4}
          spellcheck={kind !== 'json'}
          value={text}
          onInput={({ currentTarget }) => onFill(currentTarget.value)}
        />
      );
    case 'text':
    case 'number':
      return (
        <input
          {...shared}
          inputMode={kind === 'number' ? 'decimal' : undefined}
          autocomplete="off"
          value={text}
          onInput={({ currentTarget }) => onFill(currentTarget.value)}
        />
      );
    case 'choices':
    case 'group':
      return null;
  }
}

function Choices({ field, filled, problemOf, onFill }: FieldRowProps): JSX.Element {
  const given = filled[field.path];
  const chosen = Array.isArray(given) ? given : [];
  const problem = problemOf(field.path);
  const toggle = (option: string, isOn: boolean): void =>
    onFill(
      field.path,
      (field.options ?? []).filter((each) => (each === option ? isOn : chosen.includes(each))),
    );
  return (
    <fieldset class="choices">
      <legend>{field.title}</legend>
      <div class="chips">
        {(field.options ?? []).map((option) => (
          <label class="check">
            <input
              type="checkbox"
              checked={chosen.includes(option)}
              onChange={({ currentTarget }) => toggle(option, currentTarget.checked)}
            />
            {option}
          </label>
        ))}
      </div>
      {problem !== '' && <span class="field-problem">{problem}</span>}
    </fieldset>
  );
}
