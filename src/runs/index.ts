// The runs room's face: start, watch and control runs; the durable workflow behind them.
export { createCodedWorkflows } from './coded-workflow.ts';
export type {
  CodedWorkflow,
  CodedWorkflows,
  NoteCall,
  NoteOptions,
  ReadNote,
  Saga,
  SagaAct,
} from './coded-workflow.ts';
export { createControlWatch } from './control-watch.ts';
export type { ControlWatch } from './control-watch.ts';
export { createRuns } from './create-runs.ts';
export type { Engine } from './environment.ts';
export { registerRunWorkflow } from './execute-run.ts';
export { publishCoded } from './publish-coded.ts';
export { stuckError } from './stuck.ts';
export * from './runs.ts';
