import { afterEach, describe, expect, test } from 'vitest';
import { chooseLanguage, count, language, plural, say } from './language.ts';

afterEach(() => void (language.value = 'en'));

describe('the language', () => {
  test.each([
    ['the one chosen before', 'de', ['en-GB'], 'de'],
    ['the first of the browser that we speak', undefined, ['fr', 'de-AT', 'en'], 'de'],
    ['English when we speak none of them', undefined, ['fr', 'ja'], 'en'],
    ['not one that was kept by another version', 'tlh', ['de'], 'de'],
    ['English when nothing is known', undefined, [], 'en'],
  ] as const)('is %s', (_, kept, preferred, chosen) => {
    expect(chooseLanguage(kept, preferred)).toBe(chosen);
  });

  test('decides the text, the plural form and how numbers are written', () => {
    const left = (n: number) => say(plural(n, { one: 'one', other: `${count(n)} left` }), plural(n, { one: 'eins', other: `${count(n)} übrig` }));
    expect([left(1), left(12_345)]).toEqual(['one', '12,345 left']);
    language.value = 'de';
    expect([left(1), left(12_345)]).toEqual(['eins', '12.345 übrig']);
  });
});
