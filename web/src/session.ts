// The key that this tab speaks with: kept for the tab, or on this device if its user asks so. Never in a cookie, so no other page can use it.
import { signal } from '@preact/signals';

const NAME = 'breakwater.key';

/** Undefined: nobody is signed in. */
export const key = signal<string | undefined>(sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME) ?? undefined);

export function signIn(given: string, remember: boolean): void {
  signOut();
  (remember ? localStorage : sessionStorage).setItem(NAME, given);
  key.value = given;
}

export function signOut(): void {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
  key.value = undefined;
}
