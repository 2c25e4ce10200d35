// Who are you? A key, tried before it is kept.
import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { tryKey } from '../api/client.ts';
import { ApiProblem, wordsOf } from '../api/problem.ts';
import { useTitle } from '../parts/page.tsx';
import { signIn } from '../session.ts';

export function LoginPage(): JSX.Element {
  useTitle('Sign in');
  const problem = useSignal<string | undefined>(undefined);
  const isTrying = useSignal(false);
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const typed = form.get('key');
    const given = typeof typed === 'string' ? typed.trim() : '';
    isTrying.value = true;
    tryKey(given)
      .then(() => signIn(given, form.get('remember') !== null))
      .catch((error: unknown) => (problem.value = refusal(error)))
      .finally(() => (isTrying.value = false));
  };
  return (
    <main class="login" id="main">
      <form onSubmit={onSubmit}>
        <h1>Breakwater</h1>
        <p class="soft">
          Sign in with an API key. The first one is printed when the app starts for the first time, and kept in{' '}
          <code>.breakwater/admin-key</code>; <code>npx breakwater keys create</code> makes more.
        </p>
        <label class="field">
          <span>Key</span>
          <input
            type="password"
            name="key"
            autocomplete="off"
            required
            autofocus
            spellcheck={false}
            aria-describedby="login-problem"
          />
        </label>
        <label class="check">
          <input type="checkbox" name="remember" /> <span>Remember on this device</span>
        </label>
        <p id="login-problem" class="field-problem" role="alert">
          {problem.value}
        </p>
        <button class="button primary" disabled={isTrying.value}>
          Sign in
        </button>
      </form>
    </main>
  );
}

function refusal(error: unknown): string {
  return error instanceof ApiProblem && error.status === 401 ? 'This key opens nothing here.' : wordsOf(error);
}
