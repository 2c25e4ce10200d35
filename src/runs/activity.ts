// Typed references to the actions of tools, for coded workflows. They hold names only; the types are the compiler's.
import { didYouMean } from '../kernel/index.ts';
import type { BuiltInTools, Tool, TypedAction } from '../tools/index.ts';

declare const TYPES: unique symbol;

/** What `saga.run` performs: an action that takes `Args`, answers `Answer` and is taken back by one of `Undo`. */
export interface Activity<Args extends object, Answer, Undo extends string> {
  readonly tool: string;
  readonly action: string;
  /** Never there: it ties the types to the reference. */
  readonly [TYPES]?: { readonly args: Args; readonly answer: Answer; readonly undo: Undo };
}

type ActivityOf<Action> =
  Action extends TypedAction<infer Args extends object, infer Answer, infer Undo>
    ? Activity<Args, Answer, Undo>
    : never;

/** The action of a tool that is built in, by its names. */
export function action<Name extends keyof BuiltInTools, Action extends keyof BuiltInTools[Name] & string>(
  tool: Name,
  name: Action,
): ActivityOf<BuiltInTools[Name][Action]>;
/** The action of a tool of one's own. */
export function action<Own extends Tool, Action extends keyof Own['actions'] & string>(
  tool: Own,
  name: Action,
): ActivityOf<Own['actions'][Action]>;
export function action(tool: string | Tool, name: string): Activity<object, unknown, string> {
  if (typeof tool === 'string') return { tool, action: name };
  if (Object.hasOwn(tool.actions, name)) return { tool: tool.name, action: name };
  throw new TypeError(`tool "${tool.name}" has no action "${name}"${didYouMean(name, Object.keys(tool.actions))}`);
}
