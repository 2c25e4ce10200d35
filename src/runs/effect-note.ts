// What an attempt's checkpoint says of the change that it makes outside, so that the record alone tells what a run changed. Pure.
import { hashJson } from '../kernel/index.ts';
import type { JsonObject, Outcome } from '../kernel/index.ts';
import type { Registry } from '../tools/index.ts';
import type { ActivityNode } from '../definitions/index.ts';

/** Stored with each attempt of an act that has an effect; the view `breakwater.effect` reads it. */
export interface EffectNote {
  readonly tool: string;
  readonly action: string;
  /** Of the arguments: the same ones give the same. */
  readonly digest: string;
  /** Absent while it is 0. */
  readonly epoch?: number;
  /** What its vendor calls the thing, where the act is done and its adapter says. */
  readonly id?: string;
  /** `slack.delete_message`, or `irreversible`; absent where nothing takes it back. */
  readonly takenBackBy?: string;
}

export interface NotedAct {
  readonly tool: string;
  readonly action: string;
  readonly args: JsonObject;
  readonly takenBackBy?: string;
  readonly epoch?: number;
}

/** As a member of the checkpoint; empty for an act that only reads. */
export function effectOf(
  registry: Registry,
  { tool: name, action: actionName, args, takenBackBy, epoch = 0 }: NotedAct,
  outcome: Outcome,
): { readonly effect?: EffectNote } {
  const tool = registry.get(name)?.tool;
  const action = tool && Object.hasOwn(tool.actions, actionName) ? tool.actions[actionName] : undefined;
  if (!tool || !action?.effect) return {};
  const id = outcome.ok ? action.idOf(outcome.value) : undefined;
  return {
    effect: {
      tool: tool.name,
      action: actionName,
      digest: hashJson(args),
      ...(epoch > 0 && { epoch }),
      ...(id !== undefined && { id }),
      ...(takenBackBy !== undefined && { takenBackBy }),
    },
  };
}

/** What takes the node's acts back, in the words of {@link EffectNote}. */
export function undoNameOf({
  irreversible,
  compensation,
}: Pick<ActivityNode, 'irreversible' | 'compensation'>): string | undefined {
  if (irreversible) return 'irreversible';
  return compensation && `${compensation.tool}.${compensation.action}`;
}
