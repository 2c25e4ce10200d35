// The room's face: from the text of a definition to a plan, and the pure functions that read a plan.
export * from './catalog.ts';
export * from './plan.ts';
export { MAX_LIST_ITEMS, evaluate, evaluateCondition, evaluateList } from './expression.ts';
export { referencesOf } from './references.ts';
export type { Reference } from './references.ts';
export { DEFAULT_RETRY, RETRY_POLICIES } from './retry-policies.ts';
export { MAX_SOURCE_BYTES } from './source.ts';
export { compileTemplate, holesOf, renderTemplate, renderText } from './template.ts';
export { compareVersions, isVersion } from './version.ts';
