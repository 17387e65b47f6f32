import { describe, expect, test } from 'vitest';
import type { Reason } from '../shared/api.ts';
import { announcement, duration, placeWords, price, purchaseWords } from './words.ts';

const REASONS: Reason[] = ['sold-out', 'limit-reached', 'not-started', 'ended', 'paused', 'closed', 'malformed', 'unknown-sale'];

test('every end has a sentence of its own', () => {
  const texts = REASONS.map((reason) => purchaseWords({ at: 'lost', reason, owned: [] })?.text);
  expect(new Set(texts).size).toBe(REASONS.length);
  expect(texts.every((text) => text && text.endsWith('.'))).toBe(true);
});

test('a fault that nobody foresaw has a sentence too', () => {
  const intent = { key: 'k', doubt: false, tries: 0, signIns: 0 };
  expect(purchaseWords({ at: 'failed', intent, code: 'http-418', owned: [] })?.title).toBe('The shop refused this purchase');
});

test.each([
  [-5, '00:00'],
  [0, '00:00'],
  [1, '00:01'],
  [59_000, '00:59'],
  [59_001, '01:00'],
  [3_599_000, '59:59'],
  [3_600_000, '01:00:00'],
  [90_061_000, '1 d 01:01:01'],
])('%i ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  ['EUR', 12_950, /129[.,]50/],
  ['JPY', 12_950, /12[.,\s]?950/],
  ['KWD', 12_950, /12[.,]950/],
])('%s knows its own decimals', (currency, amount_minor, shape) => {
  expect(price({ price: { amount_minor, currency } })).toMatch(shape);
});

test('a place is told in people and time', () => {
  expect(placeWords(0, 200)).toEqual({ ahead: 'You are next', wait: 'about a second' });
  expect(placeWords(12, 2_400)).toEqual({ ahead: '12 ahead of you', wait: 'about 3 seconds' });
  expect(placeWords(12, 200_000).wait).toBe('about 3 minutes');
});

describe('what is spoken', () => {
  const sale = { state: 'upcoming' } as Parameters<typeof announcement>[0];
  const idle = { at: 'idle', owned: [] } as const;

  test('changes at milestones only', () => {
    const spoken = [];
    for (let left = 700_000; left >= 0; left -= 1_000) spoken.push(announcement(sale, idle, left));
    expect([...new Set(spoken)]).toEqual([
      '',
      'The sale opens in less than 10 minutes.',
      'The sale opens in less than a minute.',
      'The sale opens in 10 seconds.',
    ]);
  });

  test('tells the place in the queue once, not at every step forward', () => {
    const intent = { key: 'k', doubt: false, tries: 0, signIns: 0 };
    const queued = (ahead: number) => announcement(sale, { at: 'queued', intent, ticket: 't', ahead, waitMs: ahead * 10, owned: [] }, 0);
    expect(queued(900)).toBe(queued(3));
  });

  test('tells the order number', () => {
    expect(announcement(sale, { at: 'won', orderId: 'o-1', owned: ['o-1'] }, 0)).toBe('It is yours. Order number o-1.');
  });
});
