import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inputOf, instantOf, utc } from './moment.ts';

const before = process.env.TZ;
beforeAll(() => void (process.env.TZ = 'Europe/Berlin'));
afterAll(() => void (process.env.TZ = before));

const at = Date.parse;

describe('an operator in Berlin', () => {
  test.each([
    ['2026-11-21T14:00', '2026-11-21T13:00:00Z'],
    ['2026-07-01T00:30', '2026-06-30T22:30:00Z'],
    ['2026-07-01T00:30:05', '2026-06-30T22:30:05Z'],
  ])('types %s and means %s', (input, moment) => {
    expect(instantOf(input)).toBe(at(moment));
    expect(inputOf(at(moment))).toBe(input);
  });

  test('cannot mean an hour that is left out, nor a day that no month has', () => {
    expect(instantOf('2026-03-29T02:30')).toBeUndefined();
    expect(instantOf('2026-02-30T12:00')).toBeUndefined();
  });

  test('means the first of an hour that comes twice', () => {
    expect(instantOf('2026-10-25T02:30')).toBe(at('2026-10-25T00:30:00Z'));
  });

  test.each(['', '2026-11-21', 'soon', '12026-11-21T14:00'])('means no moment by "%s"', (input) => {
    expect(instantOf(input)).toBeUndefined();
  });

  test('sees the same moment in UTC beside it', () => {
    expect(utc(at('2026-06-30T22:30:00Z'))).toMatch(/Jun 30, 2026.*10:30.PM.*UTC/);
    expect(utc(at('2026-06-30T22:30:07Z'))).toContain(':07');
  });
});
