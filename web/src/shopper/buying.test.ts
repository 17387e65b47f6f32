import { signal } from '@preact/signals';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Answer, Api } from '../shared/api.ts';
import { createClock } from '../shared/clock.ts';
import type { Session, Who } from '../shared/session.ts';
import { openBuying } from './buying.ts';
import { openKeep } from './keep.ts';
import { IDLE, type Purchase } from './purchase.ts';

const T = Date.parse('2026-11-21T12:00:00.000Z');
const HOUR = 3_600_000;
const REFUSED: Answer<never> = { ok: false, problem: { code: 'busy', retryAfterMs: 5_000 } };

beforeEach(() => {
  vi.useFakeTimers({ now: T });
  vi.stubGlobal('addEventListener', () => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A server that knows who is here by their cookie, which all tabs share. */
function aServer() {
  const server = { who: 'nobody' as Who, guests: 0 };
  const session = {
    who: signal<Who>('unknown'),
    hadAccount: () => false,
    learn: async () => server.who,
    async beGuest() {
      await new Promise((resolve) => setTimeout(resolve, 50));
      server.guests += 1;
      server.who = { shopper_id: `g${server.guests}`, role: 'shopper', expires_at: '' };
      return { ok: true, body: undefined };
    },
  } as unknown as Session;
  return { server, session };
}

const intent = { key: 'k1', doubt: false, tries: 0, signIns: 0, sentAtMs: T - 1_000 };

/** A page whose computer is off by `offMs`, and which keeps a purchase; `answers` are those to purchases, in turn. */
function givenAPage({ offMs = 0, kept = IDLE, answers = [] as (Answer<never> | Promise<Answer<never>>)[], session = {} as Session, order = {} as object, orders = [] as Answer<never>[], keep = openKeep(undefined) }) {
  keep.save('s1', kept, T);
  const posted: string[] = [];
  const purchase = async (_sale: string, key: string) => {
    posted.push(key);
    return answers.shift() ?? new Promise(() => {});
  };
  const clock = createClock(() => performance.now(), T + offMs);
  const buying = openBuying('s1', {
    api: { purchase, order: async () => order, ordersIn: async () => orders.shift() ?? new Promise(() => {}) } as unknown as Api,
    session,
    clock,
    keep,
    watch: () => {},
    forget: () => {},
    silentForMs: () => Infinity,
    reached: () => {},
    ended: () => {},
  });
  return { buying, posted, hear: () => clock.hear(new Date(Date.now()).toISOString()) };
}

describe('a reload on a computer whose clock is an hour off', () => {
  const SENDING: Purchase = { at: 'sending', intent, sinceMs: T - 1_000, owned: [] };
  const WAITING: Purchase = { at: 'waiting', intent, why: 'busy', untilMs: T + 2_000, owned: [] };

  test.each([-HOUR, HOUR])('(%i ms) goes on with what was being sent once the server has told the time', (offMs) => {
    const { buying, posted, hear } = givenAPage({ offMs, kept: SENDING });
    expect([buying.purchase.value.at, posted]).toEqual(['sending', []]);
    hear();
    expect([buying.purchase.value.at, posted]).toEqual(['sending', ['k1']]);
  });

  test.each([-HOUR, HOUR])('(%i ms) keeps to the slot that was waited for', async (offMs) => {
    const { buying, posted, hear } = givenAPage({ offMs, kept: WAITING });
    hear();
    await vi.advanceTimersByTimeAsync(1_999);
    expect([buying.purchase.value.at, posted]).toEqual(['waiting', []]);
    await vi.advanceTimersByTimeAsync(1);
    expect([buying.purchase.value.at, posted]).toEqual(['sending', ['k1']]);
  });

  test('forgets what was stopped before the server told the time', () => {
    const { buying, posted, hear } = givenAPage({ kept: WAITING });
    buying.cancel();
    hear();
    expect([buying.purchase.value.at, posted]).toEqual(['idle', []]);
  });
});

describe('a reload after a win', () => {
  const WON: Purchase = { at: 'won', orderId: 'o1', owned: ['o1'] };

  test.each([
    ['cancelled', { ok: true, body: { id: 'o1', cancelled_at: '2026-11-21T12:00:00Z' } }],
    ['won', { ok: true, body: { id: 'o1' } }],
    ['won', { ok: false, problem: { code: 'unknown-order' } }],
    ['won', { ok: false, problem: { code: 'unauthorized' } }],
  ])('shows "%s" when the order is answered with %j', async (at, order) => {
    const { buying } = givenAPage({ kept: WON, order });
    await vi.advanceTimersByTimeAsync(0);
    expect(buying.purchase.value.at).toBe(at);
  });
});

test('orders of a sale that the shop does not know any more are none, and are looked up to an end', async () => {
  const kept: Purchase = { at: 'checking', intent: { ...intent, doubt: true }, reason: 'ended', looks: 5, owned: [] };
  const GONE: Answer<never> = { ok: false, problem: { code: 'unknown-sale' } };
  const { buying } = givenAPage({ kept, orders: Array.from({ length: 5 }, () => GONE) });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(buying.purchase.value).toMatchObject({ at: 'lost', reason: 'ended' });
});

describe('a first click', () => {
  const NOBODY: Answer<never> = { ok: false, problem: { code: 'unauthorized' } };

  test('in two tabs at once makes one guest', async () => {
    const { server, session } = aServer();
    let last: Promise<unknown> = Promise.resolve();
    vi.stubGlobal('navigator', { locks: { request: (_: string, run: () => Promise<unknown>) => (last = last.then(run)) } });
    const tabs = [givenAPage({ answers: [NOBODY], session }), givenAPage({ answers: [NOBODY], session })];
    for (const { buying } of tabs) buying.buy();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([server.guests, ...tabs.map(({ posted }) => posted.length)]).toEqual([1, 2, 2]);
  });

  test('makes no guest while nobody can tell whether there is one', async () => {
    const { server, session } = aServer();
    server.who = 'unknown';
    vi.stubGlobal('navigator', {});
    const { buying } = givenAPage({ answers: [NOBODY], session });
    buying.buy();
    await vi.advanceTimersByTimeAsync(100);
    expect([server.guests, buying.purchase.value]).toMatchObject([0, { at: 'waiting', why: 'unavailable', intent: { doubt: false } }]);
  });
});

describe('a computer that sleeps through a wait', () => {
  test('does not buy when it wakes, though its own clock stood still', async () => {
    const { buying, posted, hear } = givenAPage({ answers: [REFUSED] });
    hear();
    buying.buy();
    await vi.advanceTimersByTimeAsync(0);
    expect(buying.purchase.value.at).toBe('waiting');
    vi.setSystemTime(Date.now() + 3 * HOUR);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(buying.purchase.value).toMatchObject({ at: 'failed', code: 'interrupted' });
    expect(posted).toHaveLength(1);
  });

  test('with a request on its way does not send it again when it wakes', async () => {
    let fail = (_: Answer<never>) => {};
    const { buying, posted, hear } = givenAPage({ answers: [new Promise<Answer<never>>((resolve) => (fail = resolve))] });
    hear();
    buying.buy();
    vi.setSystemTime(Date.now() + 3 * HOUR);
    fail({ ok: false, problem: { code: 'unreachable' } });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(buying.purchase.value).toMatchObject({ at: 'failed', code: 'interrupted' });
    expect(posted).toHaveLength(1);
  });

  test('that was only slow buys', async () => {
    const { posted, buying, hear } = givenAPage({ answers: [REFUSED] });
    hear();
    buying.buy();
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() + 60_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(posted).toHaveLength(2);
  });
});

test('a purchase that failed in another tab is gone on with here, with its key', () => {
  const keep = openKeep(undefined);
  const { buying, posted } = givenAPage({ keep });
  keep.save('s1', { at: 'failed', intent: { ...intent, doubt: true }, code: 'stopped', owned: [] }, T);
  buying.buy();
  expect([buying.purchase.value.at, posted]).toEqual(['sending', ['k1']]);
});
