// Breakwater as a library: what authors of coded workflows and of tools and embedders of the app import.
export { loadConfig, readEnvironment } from './config.ts';
export type { Config } from './config.ts';
export { BreakwaterError, FailureError, failure } from './kernel/index.ts';
export type { Failure, FailureKind, Json, JsonObject, Outcome, Problem } from './kernel/index.ts';
export { defineAction, PARTLY } from './tools/index.ts';
export type {
  ActionSpec,
  Credentials,
  KeyedBy,
  Method,
  Refusal,
  RequestOptions,
  Tool,
  ToolAction,
  ToolCall,
  ToolHttp,
  TypedAction,
  UndoArguments,
  UndoInput,
} from './tools/index.ts';
// The one that the framework parses with: a schema of another version would not be understood.
export { z } from 'zod';
export { startApp } from './main.ts';
export type { App, AppOptions } from './main.ts';
export { CallFailedError, TasksFailedError, action, message, secret, waves, workflow } from './runs/index.ts';
export type {
  ActOptions,
  Activity,
  ApprovalDecision,
  ApprovalRequest,
  CallOptions,
  ChildOptions,
  CodedWorkflow,
  Compensation,
  Message,
  NamedChildOptions,
  NoteCall,
  NoteOptions,
  ReadNote,
  Runs,
  Saga,
  SagaAct,
  Secret,
  WaitRequest,
  WaveTask,
  WithSecrets,
  WorkflowClass,
  WorkflowOptions,
} from './runs/index.ts';
