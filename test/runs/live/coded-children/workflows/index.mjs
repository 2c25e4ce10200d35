// What the live app loads: the example of the docs, and parents that use the rest.
import { workflows as shown } from '../../../../../docs/examples/countries/index.js';
import { Parked, Parent, Unawaited } from './parents.ts';

export const workflows = [...shown, Parked, Parent, Unawaited];
