// What this folder adds to Breakwater.
import { Country, Everywhere } from './countries.ts';

export const workflows = [Country, Everywhere];
