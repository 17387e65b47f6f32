import { expect, test } from 'vitest';
import { audit, auditWords } from './books.ts';

test.each([
  ['one order for each unit', { orders: 4, sold: 4, stock: 10 }, 'good'],
  ['all of it', { orders: 10, sold: 10, stock: 10 }, 'good'],
  ['an order too few', { orders: 3, sold: 4, stock: 10 }, 'bad'],
  ['an order too many', { orders: 5, sold: 4, stock: 10 }, 'bad'],
  ['more than there is', { orders: 11, sold: 11, stock: 10 }, 'bad'],
  ['nobody has counted', null, 'unknown'],
] as const)('%s: %j is %s', (_, books, expected) => {
  expect(audit(books)).toBe(expected);
});

test('the words are those of the verdict', () => {
  expect(auditWords({ orders: 1_004, sold: 1_004, stock: 2_000 })).toBe('1,004 orders counted = 1,004 sold, and 1,004 sold + 996 left = 2,000 in stock');
  expect(auditWords({ orders: 1, sold: 2, stock: 10 })).toContain('One order is counted, and 2 of 10 in stock are sold: that does not add up.');
  expect(auditWords(null)).toContain('not known now');
});
