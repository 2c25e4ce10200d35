// What the app under chaos loads beside the definitions: the ledger tool and the coded workflows.
import { codedWorkflows } from './coded.ts';
import { ledgerTool } from './ledger.ts';

export const workflows = codedWorkflows;
export const tools = [ledgerTool];
