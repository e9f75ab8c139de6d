import { useEffect, useRef, useState } from 'preact/hooks';
import { token } from '../api.ts';

/** Asks for a token; the page behind it stays as it is. */
export function SignIn({ problem, onDone }: { problem: string | undefined; onDone: () => void }) {
  const [value, setValue] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const wasRefused = token.get() !== null;
  return (
    <main class="sign-in" id="main">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          token.set(value.trim());
          onDone();
        }}
      >
        <h1>Sign in</h1>
        <p>
          This service requires a token. With a viewer token you can see everything; with an admin token you
          can also change tags.
        </p>
        {wasRefused && problem !== undefined ? (
          <p class="note critical" role="alert">
            {problem}
          </p>
        ) : null}
        <label>
          Token
          <input
            ref={input}
            type="password"
            autocomplete="current-password"
            required
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </label>
        <p class="hint">It is kept until you close this tab.</p>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </main>
  );
}
