// What this folder adds to Breakwater.
import { Launch } from './launch.ts';

export const workflows = [Launch];
