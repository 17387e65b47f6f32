import { describe, expect, test } from 'vitest';
import { rateLately, type Counts } from './rates.ts';

const look = (atMs: number, accepted: number, refused: Record<string, number> = {}, doors = 1): Counts => ({ atMs, accepted, refused, doors });

describe('between two looks', () => {
  test('what has grown is told per second, by cause and in total', () => {
    expect(rateLately([look(0, 10, { busy: 1 }), look(2_000, 30, { busy: 5, 'sold-out': 2 })], 5_000)).toEqual({
      accepted: 10,
      refused: 3,
      byCause: { busy: 2, 'sold-out': 1 },
    });
  });

  test.each([
    ['a door began anew, and the sum fell', look(0, 100), look(1_000, 40)],
    ['a door began anew, and a cause fell while the purchases grew', look(0, 100, { busy: 9 }), look(1_000, 140, { busy: 2 })],
    ['a cause is not told any more', look(0, 100, { busy: 9 }), look(1_000, 140)],
    ['a door came with all it had counted', look(0, 100, {}, 1), look(1_000, 900, {}, 2)],
    ['a door went', look(0, 100, {}, 2), look(1_000, 120, {}, 1)],
    ['no time has passed', look(5, 1), look(5, 2)],
  ])('nothing is told when %s', (_, before, after) => {
    expect(rateLately([before, after], 5_000)).toBeUndefined();
  });
});

describe('lately', () => {
  test('only what is inside the window counts', () => {
    const looks = [look(0, 0), look(1_000, 1_000), look(2_000, 1_010), look(3_000, 1_020)];
    expect(rateLately(looks, 2_000)?.accepted).toBe(10);
  });

  test('an interval that tells nothing is left out, time and all', () => {
    const looks = [look(0, 100), look(1_000, 110), look(2_000, 3), look(3_000, 13)];
    expect(rateLately(looks, 5_000)?.accepted).toBe(10);
  });

  test('nothing is told before the second look', () => {
    expect(rateLately([], 5_000)).toBeUndefined();
    expect(rateLately([look(0, 5)], 5_000)).toBeUndefined();
  });
});
