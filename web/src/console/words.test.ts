import { expect, test } from 'vitest';
import { actionWords, causeWords, openedWords, refusalWords, rulingWords, stateWords, termsOf } from './words.ts';

test('the words of the API are told in plain ones', () => {
  expect([stateWords('sold-out'), causeWords('rate-limited'), rulingWords('replay'), actionWords('restock')]).toEqual([
    'Sold out',
    'too many requests',
    'won before, by the same key',
    'restock',
  ]);
});

test('a sale that begins later is not called open', () => {
  expect([openedWords({ state: 'active' }, 'Lamp'), openedWords({ state: 'upcoming' }, 'Lamp')]).toEqual(['The sale of Lamp is open.', 'The sale of Lamp is announced.']);
});

test('a word that nobody foresaw is shown as it is', () => {
  expect([causeWords('eclipse'), rulingWords('eclipse'), actionWords('eclipse')]).toEqual(['eclipse', 'eclipse', 'eclipse']);
});

test('a refusal says what to do, or what the server had to say', () => {
  expect(refusalWords({ code: 'stale-version' })).toContain('Somebody else has changed the sale');
  expect(refusalWords({ code: 'other-operator' })).toContain('You are not who pressed this');
  expect(refusalWords({ code: 'invalid', detail: 'stock is at most 9' })).toContain('stock is at most 9');
  expect(refusalWords({ code: 'busy', retryAfterMs: 2_000 })).toContain('2 seconds');
});

test('the terms of a command are told with times, money and names', () => {
  const details = { ends_at_ms: Date.parse('2026-11-21T13:00:00Z'), price: { amount_minor: 4900, currency: 'EUR' }, product: { id: 'p1', name: 'Lamp' }, stock: 20, unit_limit: null, place: { seq: 4 } };
  const [ends, ...others] = termsOf(details as never);
  expect(ends).toEqual(['ends', expect.stringMatching(/Nov 21, 2026/)]);
  expect(others).toEqual([['price', '€49.00'], ['product', 'Lamp'], ['stock', '20'], ['place', '{"seq":4}']]);
});
