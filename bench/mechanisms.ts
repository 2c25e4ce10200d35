// What of ours a measurement can do without, to see what it brings. Pure.

export const MECHANISMS = {
  groups: 'checkpoints of concurrent steps in one statement and one commit',
  memory: 'what an execution knows without asking: what is recorded, and that it owns its run',
  prepared: 'statements that Postgres parses and plans once a connection',
  notify: 'waits that are told of their message, not found by the look for all every 5 s',
} as const;
export type Mechanism = keyof typeof MECHANISMS;

export function isMechanism(name: string): name is Mechanism {
  return Object.hasOwn(MECHANISMS, name);
}
