import { describe, expect, test } from 'vitest';
import type { Sale } from '../shared/api.ts';
import { nextAskMs, parted, refreshed } from './sales.ts';

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

  test('a sale that was not known is taken as it is', () => {
    const news = aSale();
    expect(refreshed(undefined, news)).toBe(news);
  });

  test('all of it counts: the limit may have been raised', () => {
    expect(refreshed(aSale(), aSale({ revision: 6, unit_limit: 2 })).unit_limit).toBe(2);
  });
});

describe('the list', () => {
  const ids = (sales: Sale[]) => sales.map(({ id }) => id);

  test('begins with what can be bought and ends first, then what may come back', () => {
    const late = aSale({ id: 'late', ends_at: at(9_000) });
    const soon = aSale({ id: 'soon', ends_at: at(1_000) });
    const gone = aSale({ id: 'gone', state: 'sold-out', ends_at: at(1) });
    const paused = aSale({ id: 'paused', state: 'paused', ends_at: at(1) });
    expect(ids(parted([gone, late, paused, soon]).active)).toEqual(['soon', 'late', 'paused', 'gone']);
  });

  test('goes on with what opens next, and ends with what ended last', () => {
    const sales = [
      aSale({ id: 'u2', state: 'upcoming', starts_at: at(20) }),
      aSale({ id: 'u1', state: 'upcoming', starts_at: at(10) }),
      aSale({ id: 'e1', state: 'ended', ends_at: at(-20) }),
      aSale({ id: 'c2', state: 'closed', ends_at: at(-10) }),
    ];
    const { active, upcoming, past } = parted(sales);
    expect([ids(active), ids(upcoming), ids(past)]).toEqual([[], ['u1', 'u2'], ['c2', 'e1']]);
  });
});

describe('when a sale is asked for again', () => {
  const upcoming = aSale({ state: 'upcoming' });

  test('calmly while the socket is up, often while it is down', () => {
    expect(nextAskMs(aSale(), T, true, 0.5)).toBe(T + 15_000);
    expect(nextAskMs(aSale(), T, false, 0.5)).toBe(T + 3_000);
  });

  test('at the opening, spread over a quarter of a second, where no socket tells', () => {
    expect(nextAskMs(upcoming, T - 2_000, false, 0)).toBe(T);
    expect(nextAskMs(upcoming, T - 2_000, false, 0.8)).toBe(T + 200);
  });

  test('well after the opening, spread over seconds, where a socket should have told', () => {
    expect(nextAskMs(upcoming, T - 2_000, true, 0)).toBe(T + 2_000);
    expect(nextAskMs(upcoming, T - 2_000, true, 0.8)).toBe(T + 4_400);
    expect(nextAskMs(upcoming, T + 100, true, 0)).toBe(T + 2_100);
  });

  test('twice a second while the opening is overdue, but not for ever', () => {
    expect(nextAskMs(upcoming, T + 100, false, 0.5)).toBe(T + 600);
    expect(nextAskMs(upcoming, T + 60_000, false, 0.5)).toBe(T + 63_000);
  });

  test('at the end of an active one', () => {
    expect(nextAskMs(aSale(), T + 3_599_000, false, 0)).toBe(T + 3_600_000);
  });
});
