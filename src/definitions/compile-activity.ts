// One activity of the document to one node of the plan: its tool and action, its arguments, what takes it back.
import { didYouMean, formatDuration } from '../kernel/index.ts';
import { checkArguments } from './argument-check.ts';
import type { CatalogAction, CatalogTool } from './catalog.ts';
import { compileBreaker } from './compile-breaker.ts';
import { sightOfNode } from './compilation.ts';
import type { Compilation } from './compilation.ts';
import { durationMs } from './duration-text.ts';
import { checkExpression, checkTemplate } from './expression-check.ts';
import type { CheckedTemplate } from './expression-check.ts';
import { markMarkup } from './markup-arguments.ts';
import type { NodeEntry } from './outline.ts';
import type { Path } from './path.ts';
import type { ActivityNode, CompensationPlan } from './plan.ts';
import { resolveRetry } from './retry-policies.ts';
import type { ScopeName } from './scope.ts';
import { checkSecretPlaces } from './secret-check.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_PARALLEL = 5;

type ActivityEntry = NodeEntry & { readonly kind: 'activity' };

/** The part of a node that is an activity's own. */
export type ActivityPart = Omit<
  ActivityNode,
  'id' | 'module' | 'name' | 'index' | 'dependencies' | 'ancestors' | 'wave' | 'range'
>;

export function compileActivity(entry: ActivityEntry, compilation: Compilation): ActivityPart {
  const { document, path } = entry;
  const action = resolveAction(document.tool, document.action, path, compilation);
  const compensation = compileCompensation(entry, action?.found, compilation);
  warnAboutEffect(entry, action?.found, compilation);
  const breaker = compileBreaker(action?.tool ?? document.tool, document.breaker, compilation);
  const timeoutMs = durationMs(document.timeout) ?? DEFAULT_TIMEOUT_MS;
  const heartbeatMs = durationMs(document.heartbeat);
  if (heartbeatMs !== undefined && heartbeatMs > timeoutMs) reportLateHeartbeat(entry, timeoutMs, compilation);
  return {
    kind: 'activity',
    tool: action?.tool ?? document.tool,
    action: document.action,
    with: compileArguments(entry, action, compilation),
    ...conditions(entry, compilation),
    maxParallel: document.max_parallel ?? DEFAULT_MAX_PARALLEL,
    timeoutMs,
    ...(heartbeatMs !== undefined && { heartbeatMs }),
    retry: resolveRetry(document.retry),
    optional: document.optional === true || entry.in.optional === true,
    irreversible: document.irreversible === true,
    effect: action?.found.effect ?? false,
    ...(breaker && { breaker }),
    ...(compensation && { compensation }),
  };
}

function reportLateHeartbeat(entry: ActivityEntry, timeoutMs: number, { findings }: Compilation): void {
  findings.problem(
    [...entry.path, 'heartbeat'],
    `"${entry.id}" times out after ${formatDuration(timeoutMs)}, before its heartbeat could be missed; give it a longer timeout`,
  );
}

function conditions(entry: ActivityEntry, compilation: Compilation): Pick<ActivityNode, 'when' | 'forEach'> {
  const { when, for_each: forEach } = entry.document;
  const sight = sightOfNode(compilation, entry);
  return {
    ...(when !== undefined && {
      when: checkExpression(when, 'boolean', [...entry.path, 'when'], sight, compilation.findings),
    }),
    ...(forEach !== undefined && {
      forEach: checkExpression(forEach, 'array', [...entry.path, 'for_each'], sight, compilation.findings),
    }),
  };
}

function namesOf(entry: ActivityEntry): readonly ScopeName[] {
  return entry.document.for_each === undefined ? [] : ['item', 'index'];
}

interface ResolvedAction {
  /** The tool's canonical name. */
  readonly tool: string;
  readonly of: CatalogTool;
  readonly found: CatalogAction;
}

function resolveAction(
  toolName: string,
  actionName: string,
  path: Path,
  { catalog, findings }: Compilation,
): ResolvedAction | undefined {
  const tool = catalog.tool(toolName);
  if (!tool) {
    findings.problem([...path, 'tool'], `unknown tool "${toolName}"${didYouMean(toolName, catalog.toolNames())}`);
    return undefined;
  }
  const found = tool.actions.get(actionName);
  if (found) return { tool: tool.name, of: tool, found };
  findings.problem(
    [...path, 'action'],
    `tool "${toolName}" has no action "${actionName}"${nearestOrAll(actionName, [...tool.actions.keys()])}`,
  );
  return undefined;
}

function nearestOrAll(name: string, candidates: readonly string[]): string {
  const hint = didYouMean(name, candidates);
  if (hint !== '' || candidates.length === 0) return hint;
  return `; it has ${candidates.toSorted().join(', ')}`;
}

function compileArguments(
  entry: ActivityEntry,
  action: ResolvedAction | undefined,
  compilation: Compilation,
): ActivityNode['with'] {
  const { document, path } = entry;
  const sight = sightOfNode(compilation, entry, ...namesOf(entry));
  const at = [...path, 'with'];
  const checked = checkTemplate(document.with ?? {}, at, sight, compilation.findings);
  const title = `${document.tool}.${document.action}`;
  if (!action) return checked.template;
  checkCall(checked, { title, action }, document.with === undefined ? path : at, compilation);
  return markMarkup(checked.template, action.found.input);
}

function checkCall(
  checked: CheckedTemplate,
  { title, action: { of, found } }: { title: string; action: ResolvedAction },
  path: Path,
  { findings }: Compilation,
): void {
  checkArguments(checked, { title, input: found.input }, path, findings);
  checkSecretPlaces(checked.template, of, path, findings);
}

function compileCompensation(
  entry: ActivityEntry,
  act: CatalogAction | undefined,
  compilation: Compilation,
): CompensationPlan | undefined {
  const { document } = entry;
  const { compensation } = document;
  if (compensation === undefined) return undefined;
  if (document.irreversible) reportContradiction(entry, compilation);
  const path = [...entry.path, 'compensation'];
  const inline = typeof compensation === 'string' ? { action: compensation } : compensation;
  const tool = inline.tool ?? document.tool;
  // An undo by another tool goes to another service.
  const breaker = compileBreaker(tool, inline.tool === undefined ? document.breaker : undefined, compilation);
  const base = {
    tool: compilation.catalog.tool(tool)?.name ?? tool,
    action: inline.action,
    retry: resolveRetry(inline.retry),
    timeoutMs: durationMs(inline.timeout) ?? DEFAULT_TIMEOUT_MS,
    ...(breaker && { breaker }),
  };
  if (inline.with === undefined) {
    checkShortForm(entry, { tool: base.tool, action: inline.action }, act, compilation);
    return base;
  }
  const at = inline.tool === undefined ? { path, tool: document.tool } : { path, tool };
  // An unknown tool of the activity is reported there; its undo says nothing new.
  const undo =
    inline.tool === undefined && !compilation.catalog.tool(document.tool)
      ? undefined
      : resolveAction(at.tool, inline.action, path, compilation);
  const sight = sightOfNode(compilation, entry, 'result', ...namesOf(entry));
  const withPath = [...path, 'with'];
  const checked = checkTemplate(inline.with, withPath, sight, compilation.findings);
  if (!undo) return { ...base, with: checked.template };
  checkCall(checked, { title: `${tool}.${inline.action}`, action: undo }, withPath, compilation);
  return { ...base, with: markMarkup(checked.template, undo.found.input) };
}

function reportContradiction(entry: ActivityEntry, { findings }: Compilation): void {
  findings.problem(
    [...entry.path, 'irreversible'],
    `"${entry.id}" is irreversible and has a compensation; it can be only one of the two`,
    'key',
  );
}

// The short form lets the adapter make the arguments, so the adapter must have declared how.
function checkShortForm(
  entry: ActivityEntry,
  undo: { tool: string; action: string },
  act: CatalogAction | undefined,
  compilation: Compilation,
): void {
  const { document, path } = entry;
  const tool = compilation.catalog.tool(document.tool);
  if (!tool) return;
  const at =
    typeof document.compensation === 'string' ? [...path, 'compensation'] : [...path, 'compensation', 'action'];
  if (!act) return reportUnknownUndo(undo, tool, at, compilation);
  const title = `${document.tool}.${document.action}`;
  if (undo.tool !== tool.name) {
    compilation.findings.problem(
      at,
      `"${undo.tool}.${undo.action}" is of another tool than ${title}: give its arguments in "with"`,
    );
  } else if (!act.undoneBy.includes(undo.action)) {
    compilation.findings.problem(
      at,
      `${title} declares no undo "${undo.action}"${remedy(undo.action, act, [...tool.actions.keys()])}`,
    );
  }
}

// Of an action that no adapter has nothing is declared; the undo itself may still be one that exists.
function reportUnknownUndo(
  undo: { tool: string; action: string },
  tool: CatalogTool,
  at: Path,
  { findings }: Compilation,
): void {
  if (undo.tool !== tool.name || tool.actions.has(undo.action)) return;
  findings.problem(
    at,
    `tool "${tool.name}" has no action "${undo.action}"${nearestOrAll(undo.action, [...tool.actions.keys()])}`,
  );
}

function remedy(name: string, act: CatalogAction, actions: readonly string[]): string {
  const hint = didYouMean(name, act.undoneBy);
  if (hint !== '') return hint;
  const declared = act.undoneBy.length > 0 ? `it declares ${act.undoneBy.join(', ')}` : 'it declares none';
  const longForm = actions.includes(name) ? '; or give the arguments: {action, with}' : didYouMean(name, actions);
  return `; ${declared}${longForm}`;
}

function warnAboutEffect(entry: ActivityEntry, action: CatalogAction | undefined, { findings }: Compilation): void {
  const { compensation, irreversible } = entry.document;
  if (!action?.effect || compensation !== undefined || irreversible) return;
  const choice = action.undoneBy.length > 0 ? ` (compensation: ${action.undoneBy.join(' or ')})` : '';
  findings.warning(
    entry.path,
    `"${entry.id}" changes something outside but has neither a compensation${choice} nor irreversible: true`,
  );
}
