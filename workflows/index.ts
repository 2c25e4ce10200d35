// What this catalog adds in code: workflows, which are published at start and run like any YAML definition, and the tools they need.
import { Payment } from './payment.ts';
import { PublishNote } from './publish-note.ts';
import { inventory, payments } from './shop.ts';

export const workflows = [Payment, PublishNote];
export const tools = [inventory, payments];
