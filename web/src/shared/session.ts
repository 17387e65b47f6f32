/** Who is signed in here. The session itself is a cookie that scripts cannot read; this knows only what the server tells. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Answer, Credentials, NewSession, WhoAmI } from './api.ts';
import type { Client } from './client.ts';
import { recalled, remember } from './storage.ts';

/** Says that somebody with an account was signed in here, so that a session that ended is not mistaken for a guest's. */
export const ACCOUNT = 'firstcome.account';

/** `unknown` until the server was asked, and again whenever it did not answer. */
export type Who = 'unknown' | 'nobody' | WhoAmI;

export interface Session {
  who: ReadonlySignal<Who>;
  /** The server was asked who is here, and could not tell. */
  silent: ReadonlySignal<boolean>;
  /** Asks the server. */
  learn(): Promise<Who>;
  signIn(credentials: Credentials): Promise<Answer<unknown>>;
  /** Makes an account, which also signs in. */
  signUp(credentials: Credentials): Promise<Answer<unknown>>;
  /** A session for somebody without an account; a demonstration allows it. */
  beGuest(): Promise<Answer<unknown>>;
  signOut(): Promise<Answer<unknown>>;
  /** The server has just refused a request for want of a session. */
  ended(): void;
  /** Whether somebody with an account was last signed in here. */
  hadAccount(): boolean;
}

export const isGuest = (who: Who): boolean => typeof who === 'object' && who.role === 'shopper' && !who.email;
export const hasAccount = (who: Who): who is WhoAmI => typeof who === 'object' && !isGuest(who);

/** Changes whenever somebody else is here. */
export const identity = (who: Who): string => (typeof who === 'object' ? who.shopper_id : who);

export function openSession(call: Client, storage?: Storage): Session {
  const who = signal<Who>('unknown');
  const silent = signal(false);
  /** The same as what is remembered, for a browser that remembers nothing. */
  let had = false;

  function set(now: Who): Who {
    if (hasAccount(now)) {
      remember(ACCOUNT, now.shopper_id, storage);
      had = true;
    }
    silent.value = now === 'unknown';
    who.value = now;
    return now;
  }

  async function learn(): Promise<Who> {
    const answer = await call('get', '/v1/sessions/mine');
    if (answer.ok) return set(answer.body);
    return set(answer.problem.code === 'unauthorized' ? 'nobody' : 'unknown');
  }

  /** A session has begun: what it says is what asking for it would say. */
  function begun(answer: Answer<NewSession>, email?: string): Answer<unknown> {
    if (!answer.ok) return answer;
    const { shopper_id, role, expires_at } = answer.body;
    set({ shopper_id, role, expires_at, ...(email !== undefined && { email: email.trim().toLowerCase() }) });
    return answer;
  }

  return {
    who,
    silent,
    learn,
    signIn: async (body) => begun(await call('post', '/v1/sessions', { body }), body.email),
    signUp: async (body) => begun(await call('post', '/v1/accounts', { body }), body.email),
    beGuest: async () => begun(await call('post', '/v1/sessions/guest')),
    async signOut() {
      const answer = await call('delete', '/v1/sessions');
      // Somebody whose session is over already is as signed out as they wanted to be.
      if (!answer.ok && answer.problem.code !== 'unauthorized') return answer;
      remember(ACCOUNT, undefined, storage);
      had = false;
      set('nobody');
      return { ok: true, body: undefined };
    },
    ended: () => void set('nobody'),
    hadAccount: () => (storage ? recalled(ACCOUNT, storage) !== undefined : had),
  };
}
