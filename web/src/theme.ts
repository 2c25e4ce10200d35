// Day or night: as the system says, unless the user said otherwise on this device.
import { effect, signal } from '@preact/signals';

const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const NAME = 'breakwater.theme';

export const theme = signal<Theme>(THEMES.find((each) => each === localStorage.getItem(NAME)) ?? 'system');

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
}

export function startTheme(): void {
  effect(() => {
    const { value } = theme;
    if (value === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = value;
    localStorage.setItem(NAME, value);
  });
}
