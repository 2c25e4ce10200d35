// The telemetry room's face: subscribers to what the rooms below announce.
export { createLog } from './log.ts';
