import { afterEach, describe, expect, test, vi } from 'vitest';
import { createClient } from './client.ts';
import { hasAccount, identity, isGuest, openSession } from './session.ts';
import { aStorage } from './storage.fake.ts';

afterEach(() => void vi.unstubAllGlobals());

const TOLD = { token: 't', shopper_id: 'p1', role: 'shopper', expires_at: '2026-11-22T12:00:00Z' };
const refusal = (status: number, code: string) =>
  new Response(JSON.stringify({ type: `/problems/${code}`, status, title: code }), { status });

/** A session whose server answers in turn. */
function givenASession(...answers: Response[]) {
  return givenASessionIn(aStorage(), ...answers);
}

function givenASessionIn(storage: Storage | undefined, ...answers: Response[]) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string, { method }: RequestInit) => {
    asked.push(`${method} ${path}`);
    return answers.shift() ?? refusal(500, 'internal');
  });
  return { session: openSession(createClient(() => {}), storage), asked };
}

const credentials = { email: ' Ada@Example.org ', password: 'correct horse' };

describe('a session', () => {
  test('is unknown until the server was asked, and while it does not answer', async () => {
    const { session } = givenASession(refusal(503, 'busy'));
    expect(session.who.value).toBe('unknown');
    expect([session.silent.value, await session.learn(), session.silent.value]).toEqual([false, 'unknown', true]);
  });

  test('that is over is nobody', async () => {
    const { session } = givenASession(refusal(401, 'unauthorized'));
    expect(await session.learn()).toBe('nobody');
  });

  test('begins with what its beginning says, without another question', async () => {
    const { session, asked } = givenASession(Response.json(TOLD, { status: 201 }));
    expect(await session.signIn(credentials)).toMatchObject({ ok: true });
    expect(asked).toEqual(['POST /v1/sessions']);
    expect(hasAccount(session.who.value)).toBe(true);
    expect(session.who.value).toMatchObject({ shopper_id: 'p1', email: 'ada@example.org' });
  });

  test.each([
    ['by the browser', aStorage()],
    ['by the page where the browser may not', undefined],
  ])('of an account is remembered as one (%s) when it ends, until it is signed out', async (_, storage) => {
    const { session } = givenASessionIn(storage, Response.json(TOLD, { status: 201 }), new Response(null, { status: 204 }));
    await session.signUp(credentials);
    session.ended();
    expect([session.who.value, session.hadAccount()]).toEqual(['nobody', true]);
    await session.signOut();
    expect(session.hadAccount()).toBe(false);
  });

  test('of a guest is not remembered', async () => {
    const { session } = givenASession(Response.json(TOLD, { status: 201 }));
    await session.beGuest();
    expect([isGuest(session.who.value), session.hadAccount()]).toEqual([true, false]);
  });

  test('that the server cannot end now goes on, and says so', async () => {
    const { session } = givenASession(Response.json(TOLD, { status: 201 }), refusal(503, 'unavailable'));
    await session.signIn(credentials);
    expect(await session.signOut()).toMatchObject({ ok: false, problem: { code: 'unavailable' } });
    expect(hasAccount(session.who.value)).toBe(true);
  });
});

test('two people are not the same, though both are signed in', () => {
  const ada = { shopper_id: 'p1', role: 'shopper', expires_at: '' } as const;
  const bob = { ...ada, shopper_id: 'p2' };
  expect(new Set([identity('unknown'), identity('nobody'), identity(ada), identity(bob)]).size).toBe(4);
  expect(identity({ ...ada, expires_at: 'later' })).toBe(identity(ada));
});
