// A scope as expressions and texts see it: `outputs.<module>.<activity>` nested, short names beside it.
import type { Json, JsonObject } from '../kernel/index.ts';
import type { Scope } from './plan.ts';

/** The names at the root of a scope. */
export const SCOPE_NAMES = ['input', 'outputs', 'status', 'run', 'item', 'index', 'result'] as const;

export type ScopeName = (typeof SCOPE_NAMES)[number];

const views = new WeakMap<Scope, JsonObject>();

/** Node ids unfolded to nested maps. An ancestor without an output (skipped, or failed and optional) is null. */
export function viewOf(scope: Scope): JsonObject {
  const known = views.get(scope);
  if (known) return known;
  const { input, outputs, status, run, ...rest } = scope;
  const ids = [...new Set([...Object.keys(outputs), ...Object.keys(status)])];
  const valueOf = (id: string): Json => outputs[id] ?? null;
  const view = {
    input,
    outputs: { ...shortNames(ids, valueOf), ...nested(ids, valueOf) },
    status: nested(ids, (id) => status[id] ?? 'pending'),
    run,
    ...rest,
  };
  views.set(scope, view);
  return view;
}

function nested(ids: readonly string[], valueOf: (id: string) => Json): JsonObject {
  const byModule = Map.groupBy(ids, (id) => split(id)[0]);
  return Object.fromEntries(
    [...byModule].map(([module, members]) => [module, valueOfModule(module, members, valueOf)]),
  );
}

function valueOfModule(module: string, ids: readonly string[], valueOf: (id: string) => Json): Json {
  if (ids.includes(module)) return valueOf(module);
  return Object.fromEntries(ids.map((id) => [split(id)[1] ?? '', valueOf(id)]));
}

// The compiler has refused every written reference that is ambiguous in the whole document.
function shortNames(ids: readonly string[], valueOf: (id: string) => Json): JsonObject {
  const byName = Map.groupBy(ids, (id) => split(id)[1]);
  const unique = [...byName].filter(
    (entry): entry is [string, [string]] => entry[0] !== undefined && entry[1].length === 1,
  );
  return Object.fromEntries(unique.map(([name, [id]]) => [name, valueOf(id)]));
}

function split(id: string): [module: string, activity: string | undefined] {
  const dot = id.indexOf('.');
  return dot < 0 ? [id, undefined] : [id.slice(0, dot), id.slice(dot + 1)];
}
