import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { token } from '../api.ts';
import { timeZone } from '../format.ts';
import type { LiveState } from '../live.ts';

const THEME = 'leafcutter-theme';

/** The frame of every page: name, places, theme, and whether the data is live. */
export function Shell(props: {
  title: string;
  places: readonly { href: string; label: string; isHere: boolean }[];
  state: LiveState;
  problem: string | undefined;
  onSignOut: () => void;
  children: ComponentChildren;
}) {
  const { title, places, state, problem, onSignOut, children } = props;
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <a class="brand" href="#/">
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M14 2C7 1 2 5 2 10c0 2 1 4 1 4s1-5 7-8c-4 3-5 6-5 8 6 1 10-4 9-12z" />
          </svg>
          {title}
        </a>
        {places.length > 0 ? (
          <nav aria-label="Places">
            {places.map(({ href, label, isHere }) => (
              <a key={href} href={href} aria-current={isHere ? 'page' : undefined}>
                {label}
              </a>
            ))}
          </nav>
        ) : null}
        <div class="tools">
          <span class={`live ${state}`} role="status">
            {state === 'live' ? 'live' : state === 'lost' ? 'connection lost' : state}
          </span>
          <ThemeButton />
          {token.get() === null ? null : (
            <button type="button" class="quiet" onClick={onSignOut}>
              Sign out
            </button>
          )}
        </div>
      </header>
      {state === 'lost' ? (
        <p class="note warning banner" role="alert">
          {problem} What you see is the last that came; it is tried again.
        </p>
      ) : null}
      {children}
      <footer class="hint">Times are those of {timeZone(Date.now())}.</footer>
    </>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(() => localStorage.getItem(THEME) ?? 'auto');
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME, theme);
    dispatchEvent(new Event('themechange'));
  }, [theme]);
  const next = theme === 'auto' ? 'light' : theme === 'light' ? 'dark' : 'auto';
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => setTheme(next)}
      aria-label={`Theme: ${theme}. Change to ${next}`}
    >
      {theme === 'dark' ? '☾' : theme === 'light' ? '☀' : '◐'}
    </button>
  );
}
