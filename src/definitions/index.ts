// The room's face: from the text of a definition to a plan, and the pure functions that read a plan.
export * from './catalog.ts';
export * from './plan.ts';
