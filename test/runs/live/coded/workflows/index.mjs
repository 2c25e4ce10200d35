// What the live app loads.
import { Asking, BadOutput, Optional, Pivot, Waiting, Waves } from './flows.ts';

export const workflows = [Asking, BadOutput, Optional, Pivot, Waiting, Waves];
