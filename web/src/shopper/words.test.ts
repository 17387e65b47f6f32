import { afterEach, describe, expect, test } from 'vitest';
import type { Reason, Sale } from '../shared/api.ts';
import { LANGUAGES, language } from '../shared/language.ts';
import { announcement, placeWords, purchaseWords, timeLeft } from './words.ts';

afterEach(() => void (language.value = 'en'));

const REASONS: Reason[] = ['sold-out', 'limit-reached', 'not-started', 'ended', 'paused', 'closed', 'malformed', 'unknown-sale', 'adopted'];

test.each(LANGUAGES)('every end has a sentence of its own, in %s', (one) => {
  language.value = one;
  const texts = REASONS.map((reason) => purchaseWords({ at: 'lost', reason, owned: [] })?.text);
  expect(new Set(texts).size).toBe(REASONS.length);
  expect(texts.every((text) => text && text.endsWith('.'))).toBe(true);
});

test('a fault that nobody foresaw has a sentence too', () => {
  const intent = { key: 'k', doubt: false, tries: 0, signIns: 0, sentAtMs: 0 };
  expect(purchaseWords({ at: 'failed', intent, code: 'http-418', owned: [] })?.title).toBe('The shop refused this purchase');
});

test('what is left counts days only where there are any', () => {
  expect(timeLeft(59_000)).toBe('00:59');
  expect(timeLeft(90_061_000)).toBe('1 d 01:01:01');
  language.value = 'de';
  expect(timeLeft(90_061_000)).toBe('1 T. 01:01:01');
});

describe('a place in the queue', () => {
  test.each([
    [200, 'less than 2 seconds'],
    [1_333, 'less than 2 seconds'],
    [2_400, 'about 1 to 4 seconds'],
    [60_000, 'about 30 to 90 seconds'],
    [200_000, 'about 1 to 5 minutes'],
  ])('tells a wait of %i ms as a range', (waitMs, words) => {
    expect(placeWords(12, waitMs)).toEqual({ ahead: '12 people ahead of you', wait: words });
  });

  test('is told in people', () => {
    expect([0, 1, 12_345].map((ahead) => placeWords(ahead, 0).ahead)).toEqual(['You are next', 'One person ahead of you', '12,345 people ahead of you']);
    language.value = 'de';
    expect(placeWords(12_345, 0).ahead).toBe('12.345 Personen vor Ihnen');
  });
});

describe('what is spoken', () => {
  const sale = { state: 'upcoming' } as Sale;
  const idle = { at: 'idle', owned: [] } as const;

  test('changes at milestones only', () => {
    const spoken = [];
    for (let left = 700_000; left >= 0; left -= 1_000) spoken.push(announcement(sale, idle, left));
    expect([...new Set(spoken)]).toEqual([
      '',
      'The sale opens in less than 10 minutes.',
      'The sale opens in less than a minute.',
      'The sale opens in less than 10 seconds.',
    ]);
  });

  test('tells the place in the queue once, not at every step forward', () => {
    const intent = { key: 'k', doubt: false, tries: 0, signIns: 0, sentAtMs: 0 };
    const queued = (ahead: number) => announcement(sale, { at: 'queued', intent, ticket: 't', ahead, waitMs: ahead * 10, owned: [] }, 0);
    expect(queued(900)).toBe(queued(3));
  });

  test('tells the order number', () => {
    expect(announcement(sale, { at: 'won', orderId: 'o-1', owned: ['o-1'] }, 0)).toBe('It is yours. Order number o-1.');
  });
});
