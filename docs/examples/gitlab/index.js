// What this folder adds to Breakwater, beside its definitions.
import { gitlab } from './gitlab.ts';

export const tools = [gitlab];
