import { afterEach, describe, expect, test } from 'vitest';
import { duration, localTime, money } from './format.ts';
import { language } from './language.ts';

afterEach(() => void (language.value = 'en'));

test.each([
  [-5, 0, '00:00'],
  [0, 0, '00:00'],
  [1, 0, '00:01'],
  [59_000, 0, '00:59'],
  [59_001, 0, '01:00'],
  [3_599_000, 0, '59:59'],
  [3_600_000, 0, '01:00:00'],
  [90_061_000, 1, '01:01:01'],
])('%i ms are %i days and %s', (ms, days, time) => {
  expect(duration(ms)).toEqual({ days, time });
});

test.each([
  ['EUR', 12_950, '€129.50', '129,50\u00a0€'],
  ['JPY', 12_950, '¥12,950', '12.950\u00a0¥'],
  ['KWD', 12_950, 'KWD\u00a012.950', '12,950\u00a0KWD'],
])('%s knows its own decimals, in both languages', (currency, amount_minor, english, german) => {
  expect(money({ currency, amount_minor })).toBe(english);
  language.value = 'de';
  expect(money({ currency, amount_minor })).toBe(german);
});

describe('a moment', () => {
  const july = Date.parse('2026-07-01T00:00:00Z');

  test('of this year needs no year', () => {
    expect(localTime('2026-11-21T12:00:00Z', july)).not.toContain('2026');
  });

  test('of another year tells it', () => {
    expect(localTime('2098-11-21T12:00:00Z', july)).toContain('2098');
  });
});
