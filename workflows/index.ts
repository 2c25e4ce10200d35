// The coded workflows of this catalog. What is listed here is published at start and runs like any YAML definition.
import type { CodedWorkflow } from '../src/index.ts';
import { publishNote } from './publish-note.ts';

export const workflows: readonly CodedWorkflow[] = [publishNote];
