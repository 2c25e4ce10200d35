// The face of the CLI room.
export { runCli } from './cli.ts';
export { screenOf } from './screen.ts';
