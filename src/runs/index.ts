// The runs room's face: start, watch and control runs; the durable workflow behind them; what coded workflows are written with.
export { action } from './activity.ts';
export type { Activity } from './activity.ts';
export { BULK_ACTIONS, MAX_BULK } from './bulk.ts';
export type { BulkAction, BulkActions, BulkPreview, BulkRequest, BulkView, RunMatch } from './bulk.ts';
export { startBulkWork } from './bulk-work.ts';
export type { BulkWork } from './bulk-work.ts';
export { CallFailedError } from './call-failed.ts';
export { createCodedWorkflows } from './coded-workflow.ts';
export type { CodedWorkflow, CodedWorkflows } from './coded-workflow.ts';
export { createControlWatch } from './control-watch.ts';
export type { ControlWatch } from './control-watch.ts';
export { createRuns } from './create-runs.ts';
export type { Engine } from './environment.ts';
export { EFFECT_STATES } from './effect.ts';
export type { EffectState, EffectView, LeakView } from './effect.ts';
export { hideInObject } from './history-view/hidden.ts';
export { createNews } from './news/create-news.ts';
export type { News, ToldNews } from './news/create-news.ts';
export { createRunHistory } from './history-view/run-history.ts';
export type { RunHistory } from './history-view/run-history.ts';
export type { Fact } from './history-view/fact.ts';
export type { ToldFact } from './history-view/follow-facts.ts';
export { NODE_DECISIONS } from './node-decision.ts';
export type { NodeDecisionRequest } from './node-decision.ts';
export { registerRunWorkflow } from './execute-run.ts';
export { publishCoded } from './publish-coded.ts';
export type {
  ActOptions,
  ApprovalDecision,
  ApprovalRequest,
  CallOptions,
  ChildOptions,
  Compensation,
  NamedChildOptions,
  NoteCall,
  NoteOptions,
  ReadNote,
  Saga,
  SagaAct,
  WaitRequest,
} from './saga.ts';
export { stuckError } from './stuck.ts';
export * from './runs.ts';
export { secret } from './secret.ts';
export type { Secret, WithSecrets } from './secret.ts';
export { WAITING_REASONS, countWaiting } from './waiting-reason-store.ts';
export { TasksFailedError, waves } from './waves.ts';
export type { WaveTask } from './waves.ts';
export { workflow, workflowOfClass } from './workflow-class.ts';
export type { WorkflowClass, WorkflowOptions } from './workflow-class.ts';
export { message } from './workflow-message.ts';
export type { Message } from './workflow-message.ts';
