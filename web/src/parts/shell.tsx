// What is around every page: the navigation, who is signed in, day or night, and whether the page follows what happens.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { isLive } from '../live.ts';
import { me } from '../me.ts';
import { pages } from '../pages/index.ts';
import { location } from '../router.ts';
import { signOut } from '../session.ts';
import { nextTheme, theme } from '../theme.ts';
import { Sign } from './sign.tsx';

export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const isOpen = useSignal(false);
  const { path } = location.value;
  useEffect(() => {
    isOpen.value = false;
  }, [path, isOpen]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/runs">
          Breakwater
        </a>
        <button
          class="icon-button only-narrow"
          aria-expanded={isOpen.value}
          aria-controls="navigation"
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          <Sign name={isOpen.value ? 'close' : 'menu'} />
          <span class="unseen">Menu</span>
        </button>
      </header>
      <nav id="navigation" class={isOpen.value ? 'nav open' : 'nav'} aria-label="Pages">
        <ul>{pages.map(({ path: to, nav }) => nav && <NavItem to={to} at={path} {...nav} />)}</ul>
        <Corner />
      </nav>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

interface NavItemProps {
  readonly to: string;
  readonly at: string;
  readonly name: string;
  readonly sign: Parameters<typeof Sign>[0]['name'];
}

function NavItem({ to, at, name, sign }: NavItemProps): JSX.Element {
  const isHere = at === to || at.startsWith(`${to}/`) || (at === '/' && to === '/runs');
  return (
    <li>
      <a href={to} aria-current={isHere ? 'page' : undefined}>
        <Sign name={sign} />
        {name}
      </a>
    </li>
  );
}

const THEME_WORDS = { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' } as const;
const THEME_SIGNS = { system: 'system', light: 'sun', dark: 'moon' } as const;

function Corner(): JSX.Element {
  return (
    <div class="corner">
      <button class="quiet" aria-pressed={!isLive.value} onClick={() => (isLive.value = !isLive.value)}>
        <Sign name={isLive.value ? 'pause' : 'play'} />
        {isLive.value ? 'Pause updates' : 'Paused: resume updates'}
      </button>
      <button class="quiet" onClick={nextTheme}>
        <Sign name={THEME_SIGNS[theme.value]} />
        {THEME_WORDS[theme.value]}
      </button>
      <button class="quiet" onClick={signOut}>
        <Sign name="leave" />
        Sign out
      </button>
      {me.value && (
        <p class="who" title={me.value.roles.join(', ')}>
          {me.value.user} <span class="soft">· {me.value.tenant}</span>
        </p>
      )}
    </div>
  );
}
