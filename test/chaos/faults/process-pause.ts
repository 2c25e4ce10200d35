// Stops a process where it stands and lets it go on, as a suspended machine or a long collection of garbage does.
import { landedFault, type LandedFault } from './landed.ts';

/** Throws when there is no such process. */
export function pauseProcess(pid: number): LandedFault {
  process.kill(pid, 'SIGSTOP');
  return landedFault('pause', `process ${pid} stopped`);
}

export function resumeProcess(pid: number): LandedFault {
  process.kill(pid, 'SIGCONT');
  return landedFault('resume', `process ${pid} goes on`);
}
