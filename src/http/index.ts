// The face of the HTTP room: the app, and the keys that open it.
export { ensureAdminKey } from './admin-key.ts';
export type { AdminKey } from './admin-key.ts';
export type { HttpOptions, ReadyReport } from './app-context.ts';
export { createHttpApp } from './app.ts';
export { createKey, listKeys, revokeKey } from './key-store.ts';
export type { KeyView, MadeKey, NewKey } from './key-store.ts';
export { ROLES } from './role.ts';
export type { OidcSettings } from './tokens.ts';
