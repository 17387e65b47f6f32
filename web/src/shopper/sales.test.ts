import { describe, expect, test } from 'vitest';
import type { Sale } from '../shared/api.ts';
import { featured, nextAskMs, refreshed } from './sales.ts';

const T = Date.parse('2026-11-21T12:00:00.000Z');
const at = (ms: number) => new Date(T + ms).toISOString();

function aSale(over: Partial<Sale> = {}): Sale {
  return {
    id: 's1',
    state: 'active',
    product: { id: 'p1', name: 'Jacket' },
    price: { amount_minor: 100, currency: 'EUR' },
    stock: 10,
    sold: 0,
    remaining: 10,
    unit_limit: 1,
    starts_at: at(0),
    ends_at: at(3_600_000),
    version: 1,
    revision: 5,
    server_time: at(0),
    ...over,
  };
}

describe('news of a sale', () => {
  test('a higher revision counts', () => {
    const sale = refreshed(aSale(), aSale({ revision: 6, sold: 1, remaining: 9 }));
    expect(sale).toMatchObject({ revision: 6, remaining: 9 });
  });

  test('a lower revision does not, however late it comes', () => {
    const known = aSale();
    expect(refreshed(known, aSale({ revision: 4, remaining: 10, server_time: at(9_000) }))).toBe(known);
  });

  test('of one revision the later word counts: time alone opens and ends a sale', () => {
    const upcoming = aSale({ state: 'upcoming', server_time: at(-1) });
    const active = aSale({ state: 'active', server_time: at(1) });
    expect(refreshed(upcoming, active).state).toBe('active');
    expect(refreshed(active, upcoming)).toBe(active);
  });

  test('what was told long ago gives way even to a lower revision: the shop was restored from a backup', () => {
    const restored = aSale({ revision: 2, remaining: 8, server_time: at(30_000) });
    expect(refreshed(aSale(), restored)).toMatchObject({ revision: 2, remaining: 8 });
  });

  test('another sale is left alone', () => {
    const known = aSale();
    expect(refreshed(known, aSale({ id: 's2', revision: 9 }))).toBe(known);
  });
});

describe('the sale shown large', () => {
  test('is the active one that ends first', () => {
    const soon = aSale({ id: 'b', ends_at: at(1_000) });
    expect(featured([aSale({ id: 'a' }), soon, aSale({ id: 'c', state: 'upcoming', starts_at: at(10) })])).toBe(soon);
  });

  test('else the next to open, else one that may come back', () => {
    const paused = aSale({ id: 'p', state: 'paused' });
    const next = aSale({ id: 'n', state: 'upcoming', starts_at: at(10) });
    expect(featured([paused, aSale({ id: 'm', state: 'upcoming', starts_at: at(20) }), next])).toBe(next);
    expect(featured([aSale({ id: 's', state: 'sold-out' }), paused])).toBe(paused);
  });

  test('is never a past one', () => {
    expect(featured([aSale({ state: 'ended' }), aSale({ state: 'closed' })])).toBeUndefined();
  });
});

describe('when a sale is asked for again', () => {
  const upcoming = aSale({ state: 'upcoming' });

  test('calmly while the socket is up, often while it is down', () => {
    expect(nextAskMs(aSale(), T, true, 0.5)).toBe(T + 15_000);
    expect(nextAskMs(aSale(), T, false, 0.5)).toBe(T + 3_000);
  });

  test('at the opening, spread over a quarter of a second', () => {
    expect(nextAskMs(upcoming, T - 2_000, true, 0)).toBe(T);
    expect(nextAskMs(upcoming, T - 2_000, true, 0.8)).toBe(T + 200);
  });

  test('twice a second while the opening is overdue, but not for ever', () => {
    expect(nextAskMs(upcoming, T + 100, true, 0.5)).toBe(T + 600);
    expect(nextAskMs(upcoming, T + 60_000, true, 0.5)).toBe(T + 75_000);
  });

  test('at the end of an active one', () => {
    expect(nextAskMs(aSale(), T + 3_599_000, true, 0)).toBe(T + 3_600_000);
  });
});
