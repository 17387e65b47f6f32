import { expect, test } from 'vitest';
import { addressOf, viewOf, type View } from './address.ts';

test.each<[string, View]>([
  ['/', { at: 'sales' }],
  ['/?sale=s1', { at: 'sale', sale: 's1' }],
  ['/?sale=s1&ticket=t1', { at: 'ticket', ticket: 't1', sale: 's1' }],
  ['/?ticket=t1', { at: 'ticket', ticket: 't1' }],
  ['/?view=orders', { at: 'orders' }],
  ['/?view=account', { at: 'account' }],
])('%s and its view are one', (address, view) => {
  expect(viewOf(new URL(address, 'http://shop').search)).toEqual(view);
  expect(addressOf(view)).toBe(address);
});

test.each(['', '?', '?sale=', '?view=nothing', '?utm=1'])('%o is the list of sales', (query) => {
  expect(viewOf(query)).toEqual({ at: 'sales' });
});

test('what means something in an address is not lost', () => {
  const view: View = { at: 'sale', sale: 'a&b=c/d' };
  expect(viewOf(new URL(addressOf(view), 'http://shop').search)).toEqual(view);
});
