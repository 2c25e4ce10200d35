// The signs of the dashboard, each a path of its own: no icon font, no request.
import type { JSX } from 'preact';
import type { Sign as StatusSign } from '../model/status.ts';

/** Of statuses, and of what the pages themselves need. */
export type SignName =
  | StatusSign
  | 'runs'
  | 'failures'
  | 'approvals'
  | 'definitions'
  | 'breakers'
  | 'executors'
  | 'audit'
  | 'search'
  | 'sun'
  | 'moon'
  | 'system'
  | 'menu'
  | 'close'
  | 'next'
  | 'previous'
  | 'copy'
  | 'leave';

const PATHS: Readonly<Record<SignName, string>> = {
  dot: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  play: 'M5 3.5v9l7.5-4.5z',
  hourglass: 'M4 2.5h8M4 13.5h8M5 2.5c0 3.5 6 7.5 6 11M11 2.5c0 3.5-6 7.5-6 11',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  hand: 'M8 2v6M8 11.5v1.5M3 5l2 2M13 5l-2 2',
  stop: 'M4.5 4.5h7v7h-7z',
  back: 'M6.5 4 3 7.5 6.5 11M3 7.5h6.5a3 3 0 0 1 0 6H8',
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  slash: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM4.2 4.2l7.6 7.6',
  ask: 'M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M8 12.5v.5',
  alert: 'M8 2.5 14 13H2zM8 6.5v3M8 11v.5',
  runs: 'M3 4h10M3 8h10M3 12h6',
  failures: 'M3 13V8M6.5 13V4M10 13V9.5M13 13V6',
  approvals: 'M3 3h10v7H8l-3 3v-3H3zM5.5 6.5l1.5 1.5 3-3',
  definitions: 'M5 3.5h3M8 3.5v9M8 8h3M8 12.5h3M2.5 2h2.5v3H2.5zM11 6.5h2.5v3H11zM11 11h2.5v3H11z',
  breakers: 'M2 8h3.5M10.5 8H14M5.5 8l4-3.5M10.5 6.5v3',
  executors: 'M3 3h10v4H3zM3 9h10v4H3zM5 5h.5M5 11h.5',
  audit: 'M4 2h6l2.5 2.5V14H4zM6.5 7h4M6.5 10h4',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14',
  sun: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1',
  moon: 'M12.5 9.5A5 5 0 0 1 6.5 3.5a5 5 0 1 0 6 6z',
  system: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  menu: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  close: 'M4 4l8 8M12 4l-8 8',
  next: 'M6 3.5 10.5 8 6 12.5',
  previous: 'M10 3.5 5.5 8 10 12.5',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3',
  leave: 'M6.5 2.5h-4v11h4M9.5 5l3 3-3 3M12.5 8H6',
};

/** Beside a word that says the same, so that nobody has to hear it. */
export function Sign({ name }: { readonly name: SignName }): JSX.Element {
  return (
    <svg class="sign" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** For drawings that place it themselves. */
export function signPath(name: SignName): string {
  return PATHS[name];
}
