import { describe, expect, test } from 'vitest';
import { compileMessages, differences } from './messages.ts';

const compiled = (en: object, de: object) => compileMessages({ en, de } as Parameters<typeof compileMessages>[0], './language.ts');

describe('a message', () => {
  test('becomes a function of its placeholders, in every language', () => {
    expect(compiled({ hello: 'Hello {name}' }, { hello: 'Hallo {name}' })).toContain(
      'export const hello = ({ name }: { name: string }) => say(`Hello ${name}`, `Hallo ${name}`);',
    );
  });

  test('is chosen by its number where the words depend on it', () => {
    const forms = (one: string, other: string) => ({ left: { one, other } });
    expect(compiled(forms('one left', '{n} left'), forms('eines übrig', '{n} übrig'))).toContain(
      'export const left = ({ n }: { n: number }) => say(plural(n, { one: `one left`, other: `${count(n)} left` }), plural(n, { one: `eines übrig`, other: `${count(n)} übrig` }));',
    );
  });

  test('may hold what means something in a program', () => {
    expect(compiled({ odd: 'a `b` $c \\d' }, { odd: '' })).toContain('say(`a \\`b\\` \\$c \\\\d`, ``)');
  });
});

test.each([
  ['a missing one', { a: 'A' }, {}, 'a: only in en'],
  ['one too many', {}, { a: 'A' }, 'a: only in de'],
  ['another placeholder', { a: '{x}' }, { a: '{y}' }, 'a: placeholders {x} in en, {y} in de'],
  ['a lost number', { a: { one: '1', other: '{n}' } }, { a: 'viele' }, 'a: placeholders {n} in en, {} in de'],
  ['a missing plural form', { a: { one: '1', other: '{n}' } }, { a: { other: '{n}' } }, 'a: de has the plural forms one, other'],
])('%s is found', (_, en, de, fault) => {
  expect(differences({ en, de } as Parameters<typeof differences>[0])).toEqual([fault]);
  expect(() => compiled(en, de)).toThrow(fault);
});
