// What the live app loads.
import { Asking, Telling, BadOutput, Optional, Pivot, Waiting, Waves } from './flows.ts';

export const workflows = [Asking, Telling, BadOutput, Optional, Pivot, Waiting, Waves];
