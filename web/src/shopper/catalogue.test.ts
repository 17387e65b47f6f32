import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Answer, Api, Problem, Sale } from '../shared/api.ts';
import { createClock } from '../shared/clock.ts';
import { openCatalogue } from './catalogue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const T = Date.parse('2026-11-21T12:00:00.000Z');

const aSale = (id: string, over: Partial<Sale> = {}): Sale => ({
  id,
  state: 'active',
  product: { id: 'p1', name: 'Jacket' },
  price: { amount_minor: 100, currency: 'EUR' },
  stock: 10,
  sold: 0,
  remaining: 10,
  unit_limit: 1,
  starts_at: new Date(T).toISOString(),
  ends_at: new Date(T + 3_600_000).toISOString(),
  version: 1,
  revision: 1,
  server_time: new Date(T).toISOString(),
  ...over,
});

const refusal = { ok: false, problem: { code: 'unreachable' } } as const;

/** A catalogue whose server knows these sales; it may be away. */
function givenACatalogue(sales: Sale[]) {
  const server = { away: false, refusal: undefined as Problem | undefined, asked: [] as string[], held: undefined as Promise<void> | undefined };
  const shown: (readonly string[])[] = [];
  const reached: boolean[] = [];
  async function answer<T>(what: string, body: T | undefined): Promise<Answer<T>> {
    server.asked.push(what);
    await server.held;
    if (server.away) return refusal;
    if (server.refusal) return { ok: false, problem: server.refusal };
    return body === undefined ? { ok: false, problem: { code: 'unknown-sale' } } : { ok: true, body };
  }
  const api = {
    sale: (id: string) => answer(id, sales.find((one) => one.id === id)),
    sales: (state: string) => answer(state, { sales: sales.filter((one) => one.state === state), server_time: new Date(T).toISOString() }),
  } as unknown as Api;
  const catalogue = openCatalogue({
    api,
    clock: createClock(() => performance.now(), T),
    live: () => false,
    wanted: () => true,
    reached: (someone) => reached.push(someone),
    shown: (ids) => shown.push(ids),
  });
  return { catalogue, server, shown, reached };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe('a sale', () => {
  test('opens when it is told, and is asked for again and again', async () => {
    const { catalogue, server, shown } = givenACatalogue([aSale('s1')]);
    catalogue.show({ sale: 's1' });
    expect(catalogue.phase.value).toBe('opening');
    await settle();
    expect(catalogue.phase.value).toBe('open');
    expect(shown).toEqual([['s1']]);
    await settle(4_000);
    expect(server.asked.length).toBeGreaterThan(1);
  });

  test('that does not exist is unknown', async () => {
    const { catalogue } = givenACatalogue([]);
    catalogue.show({ sale: 's9' });
    await settle();
    expect(catalogue.phase.value).toBe('unknown-sale');
  });

  test('of a server that is away is unreachable, and opens by itself when it is back', async () => {
    const { catalogue, server, reached } = givenACatalogue([aSale('s1')]);
    server.away = true;
    catalogue.show({ sale: 's1' });
    await settle();
    expect(catalogue.phase.value).toBe('unreachable');
    server.away = false;
    await settle(10_000);
    expect(catalogue.phase.value).toBe('open');
    expect([reached[0], reached.at(-1)]).toEqual([false, true]);
  });

  test('that was shown stays when the server goes', async () => {
    const { catalogue, server } = givenACatalogue([aSale('s1')]);
    catalogue.show({ sale: 's1' });
    await settle();
    server.away = true;
    await settle(30_000);
    expect(catalogue.phase.value).toBe('open');
  });

  test.each(['rate-limited', 'busy', 'internal'])('that is refused (%s) stays, is not taken for a lost connection, and is asked for as late as told', async (code) => {
    const { catalogue, server, reached } = givenACatalogue([aSale('s1')]);
    catalogue.show({ sale: 's1' });
    await settle();
    server.refusal = { code, retryAfterMs: 20_000 };
    catalogue.refresh();
    await settle();
    const before = server.asked.length;
    await settle(19_999);
    expect([catalogue.phase.value, server.asked.length, reached.includes(false)]).toEqual(['open', before, false]);
    await settle(10_002);
    expect(server.asked.length).toBe(before + 1);
  });

  test('that is refused for years is asked for again all the same, though not at once', async () => {
    const { catalogue, server } = givenACatalogue([aSale('s1')]);
    server.refusal = { code: 'busy', retryAfterMs: 1e12 };
    catalogue.show({ sale: 's1' });
    await settle(299_999);
    expect(server.asked).toHaveLength(1);
    await settle(2);
    expect(server.asked).toHaveLength(2);
  });

  test('that is refused at first says so, and opens by itself', async () => {
    const { catalogue, server } = givenACatalogue([aSale('s1')]);
    server.refusal = { code: 'busy', retryAfterMs: 500 };
    catalogue.show({ sale: 's1' });
    await settle();
    expect(catalogue.phase.value).toBe('refused');
    server.refusal = undefined;
    await settle(2_000);
    expect(catalogue.phase.value).toBe('open');
  });

  test('that was shown is asked for less and less often while the server is away', async () => {
    const { catalogue, server } = givenACatalogue([aSale('s1')]);
    catalogue.show({ sale: 's1' });
    await settle();
    server.away = true;
    await settle(60_000);
    const before = server.asked.length;
    await settle(60_000);
    // Between half and all of 10 s lie between two questions.
    expect(server.asked.length - before).toBeLessThanOrEqual(13);
  });

  test('is shown at once when it is known already', async () => {
    const { catalogue } = givenACatalogue([aSale('s1')]);
    catalogue.show({ list: true });
    await settle();
    catalogue.show({ sale: 's1' });
    expect(catalogue.phase.value).toBe('open');
  });
});

test('the list has what is on sale, what comes, and what was', async () => {
  const { catalogue } = givenACatalogue([aSale('a'), aSale('u', { state: 'upcoming' }), aSale('e', { state: 'ended' })]);
  catalogue.show({ list: true });
  await settle();
  expect(catalogue.listed.value).toEqual(['a', 'u', 'e']);
});

test('an answer that comes when something else is shown changes nothing there', async () => {
  const { catalogue, server } = givenACatalogue([aSale('s1')]);
  let release = () => {};
  server.held = new Promise((resolve) => (release = resolve));
  catalogue.show({ sale: 's9' });
  server.held = undefined;
  catalogue.show({ sale: 's1' });
  await settle();
  release();
  await settle();
  expect(catalogue.phase.value).toBe('open');
});

test('old news from the socket is not taken for new', async () => {
  const { catalogue } = givenACatalogue([aSale('s1', { revision: 5, remaining: 3 })]);
  catalogue.show({ sale: 's1' });
  await settle();
  catalogue.takeIn(aSale('s1', { revision: 4, remaining: 9 }));
  expect(catalogue.sales.value.get('s1')?.remaining).toBe(3);
});
