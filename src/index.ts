// Breakwater as a library: what authors of coded workflows and embedders of the app import.
export { loadConfig, readEnvironment } from './config.ts';
export type { Config } from './config.ts';
export { BreakwaterError, FailureError, failure } from './kernel/index.ts';
export type { Failure, FailureKind, Json, JsonObject, Outcome, Problem } from './kernel/index.ts';
export { startApp } from './main.ts';
export type { App, AppOptions } from './main.ts';
export type { CodedWorkflow, Runs, Saga, SagaAct } from './runs/index.ts';
