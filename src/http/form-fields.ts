// The form of an approval, a JSON Schema, as fields of a page; and what was filled in, as JSON. Pure.
import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts';

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'number' | 'checkbox' | 'choice';
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly hint?: string;
}

/** The members of an object schema that a plain form can ask for; others are for the API. */
export function formFields(schema: JsonObject | null): FormField[] {
  if (!schema || !isJsonObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).flatMap(([key, member]) => {
    const kind = isJsonObject(member) ? kindOf(member) : undefined;
    if (!isJsonObject(member) || kind === undefined) return [];
    const label = typeof member.title === 'string' ? member.title : key;
    const hint = typeof member.description === 'string' ? member.description : undefined;
    return [{ name: `form:${key}`, label, kind, choices: choicesOf(member), required: required.includes(key), hint }];
  });
}

/** Undefined when the approval has no form. What does not fit is left as text, for the schema to refuse with its name. */
export function formFrom(schema: JsonObject | null, submitted: ReadonlyMap<string, string>): JsonObject | undefined {
  if (!schema) return undefined;
  const filled = formFields(schema).flatMap((field) => {
    const text = submitted.get(field.name);
    if (field.kind === 'checkbox') return [[field.name, text !== undefined] as const];
    return text === undefined || text === '' ? [] : [[field.name, valueOf(field, text)] as const];
  });
  return Object.fromEntries(filled.map(([name, value]) => [name.slice('form:'.length), value]));
}

function kindOf(member: JsonObject): FormField['kind'] | undefined {
  if (choicesOf(member).length > 0) return 'choice';
  if (member.type === 'string') return 'text';
  if (member.type === 'boolean') return 'checkbox';
  return member.type === 'number' || member.type === 'integer' ? 'number' : undefined;
}

function choicesOf(member: JsonObject): string[] {
  const choices: readonly Json[] = Array.isArray(member.enum) ? member.enum : [];
  return choices.filter((choice) => typeof choice === 'string');
}

function valueOf(field: FormField, text: string): Json {
  const number = Number(text);
  return field.kind === 'number' && Number.isFinite(number) ? number : text;
}
