/** The form to sign in with, or to make an account with. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Problem } from './client.ts';
import { Field, focusFirstFault } from './field.tsx';
import * as m from './messages.gen.ts';
import { problemWords } from './problems.ts';
import type { Session } from './session.ts';

/** The server's limits. */
const EMAIL = /^ *[!-?A-~]+@[!-?A-~]+ *$/;
const EMAIL_MAX = 254;
const PASSWORD_BYTES_MIN = 8;
const PASSWORD_BYTES_MAX = 256;

export interface SignInProps {
  session: Session;
  /** Whether an account can be made here; operators' are made elsewhere. */
  register: boolean;
  done: () => void;
  /** What else can be done here, such as leaving it. */
  children?: ComponentChildren;
}

export function SignInForm({ session, register, done, children }: SignInProps) {
  const making = useSignal(false);
  const email = useSignal('');
  const password = useSignal('');
  const sent = useSignal(false);
  const busy = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);

  async function submit(form: HTMLFormElement) {
    sent.value = true;
    if (emailFault(email.value) || passwordFault(password.value)) return focusFirstFault(form);
    if (busy.value) return;
    busy.value = true;
    const credentials = { email: email.value, password: password.value };
    const answer = await (making.value ? session.signUp(credentials) : session.signIn(credentials));
    busy.value = false;
    problem.value = answer.ok ? undefined : answer.problem;
    if (answer.ok) done();
  }

  return (
    <form
      class="sign-in"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <Field
        name="email"
        type="email"
        autocomplete="username"
        inputMode="email"
        maxLength={EMAIL_MAX}
        required
        label={m.email()}
        value={email.value}
        change={(text) => (email.value = text)}
        fault={emailFault(email.value)}
        sent={sent.value}
      />
      <Field
        name="password"
        type="password"
        autocomplete={making.value ? 'new-password' : 'current-password'}
        required
        label={m.password()}
        value={password.value}
        change={(text) => (password.value = text)}
        fault={passwordFault(password.value)}
        sent={sent.value}
        hint={making.value ? m.passwordHint() : undefined}
      />
      <p class="fault" role="alert">
        {problem.value && problemWords(problem.value)}
      </p>
      <p class="row">
        <button type="submit" class="main" aria-disabled={busy.value}>
          {making.value ? m.signUp() : m.signIn()}
        </button>
        {children}
      </p>
      {register && (
        <p class="hint">
          {making.value ? m.haveAccount() : m.noAccount()}{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              making.value = !making.value;
              problem.value = undefined;
            }}
          >
            {making.value ? m.signIn() : m.signUp()}
          </button>
        </p>
      )}
    </form>
  );
}

function emailFault(email: string): string | undefined {
  return EMAIL.test(email) ? undefined : m.emailFault();
}

function passwordFault(password: string): string | undefined {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes < PASSWORD_BYTES_MIN) return m.passwordTooShort();
  return bytes > PASSWORD_BYTES_MAX ? m.passwordTooLong() : undefined;
}
