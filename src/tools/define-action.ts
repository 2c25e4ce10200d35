// From an adapter's typed action to the one the registry can hold: arguments and results are parsed here, nowhere cast.
import type { ZodError } from 'zod';
import type { Json, JsonObject, Problem } from '../kernel/index.ts';
import { plainJson } from './plain-json.ts';
import type { ActionSpec, ToolAction, ToolCall, TypedAction, UndoInput } from './tool.ts';

export function defineAction<Input, Output, Args, Undo extends string = never>(
  spec: ActionSpec<Input, Output, Args, Undo>,
): TypedAction<Args, Output, Undo> {
  return {
    description: spec.description,
    input: spec.input,
    output: spec.output,
    ...(spec.outputSchemaFrom !== undefined && { outputSchemaFrom: spec.outputSchemaFrom }),
    effect: spec.effect,
    keyedBy: spec.keyedBy,
    undoneBy: undoNames(spec),
    bind: (args) => bind(spec, args),
    idOf: (answer) => idOf(spec, answer),
    undoArguments: (name, act) => undoArguments(spec, name, act),
  };
}

function undoNames<Undo extends string>({ undo }: { undo?: Readonly<Record<Undo, unknown>> }): Undo[] {
  const names: Undo[] = [];
  for (const name in undo) names.push(name);
  return names;
}

function bind<Input, Output>(spec: ActionSpec<Input, Output>, args: Json): ReturnType<ToolAction['bind']> {
  const parsed = spec.input.safeParse(args);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const input = parsed.data;
  const probe = spec.probe && ((call: ToolCall) => spec.probe!(call, input));
  return { ok: true, act: { run: (call) => spec.run(call, input), ...(probe && { probe }) } };
}

function idOf<Input, Output>(spec: ActionSpec<Input, Output>, answer: Json): string | undefined {
  const output = spec.idOf && spec.output.safeParse(answer);
  return output?.success ? (spec.idOf?.(output.data) ?? undefined) : undefined;
}

// Arguments that never fitted were never sent, so there is nothing to undo. A result that does not fit (an edit, an older
// version of the adapter) counts as unknown: then the key and the arguments must do.
function undoArguments<Input, Output>(
  spec: ActionSpec<Input, Output>,
  name: string,
  act: UndoInput<Json, Json>,
): JsonObject | undefined {
  const input = spec.input.safeParse(act.input);
  const make = spec.undo?.[name];
  if (!make || !input.success) return undefined;
  const result = act.result === undefined ? undefined : spec.output.safeParse(act.result).data;
  const made = make({ input: input.data, result, key: act.key });
  return made && plainObject(made);
}

function plainObject(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, plainJson(value)]));
}

function problemsOf(error: ZodError): Problem[] {
  return error.issues.map((issue) => ({
    path: issue.path.map((part) => `/${String(part)}`).join(''),
    message: issue.message,
  }));
}
