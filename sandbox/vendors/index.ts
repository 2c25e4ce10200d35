// The vendors that the sandbox doubles. A further one is a file here and a line below.
import type { Vendor } from '../vendor.ts';
import { github } from './github/github.ts';

export const vendors: readonly Vendor[] = [github];
