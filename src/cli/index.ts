// The face of the CLI room.
export { runCli } from './cli.ts';
