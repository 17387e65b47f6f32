import { expect, test } from 'vitest';
import { actionWords, causeWords, refusalWords, rulingWords, stateWords } from './words.ts';

test('the words of the API are told in plain ones', () => {
  expect([stateWords('sold-out'), causeWords('rate-limited'), rulingWords('replay'), actionWords('restock')]).toEqual([
    'Sold out',
    'too many requests',
    'won before, by the same key',
    'restock',
  ]);
});

test('a word that nobody foresaw is shown as it is', () => {
  expect([causeWords('eclipse'), rulingWords('eclipse'), actionWords('eclipse')]).toEqual(['eclipse', 'eclipse', 'eclipse']);
});

test('a refusal says what to do, or what the server had to say', () => {
  expect(refusalWords({ code: 'stale-version' })).toContain('Somebody else has changed the sale');
  expect(refusalWords({ code: 'invalid', detail: 'stock is at most 9' })).toContain('stock is at most 9');
  expect(refusalWords({ code: 'busy', retryAfterMs: 2_000 })).toContain('2 seconds');
});
