import { describe, expect, test } from 'vitest';
import { address, routeOf, type Route } from './route.ts';

const ROUTES: Route[] = [
  { view: 'sales' },
  { view: 'new-sale' },
  { view: 'new-sale', product: 'p1' },
  { view: 'products' },
  { view: 'new-product' },
  { view: 'sale', sale: '01a1', part: 'live' },
  { view: 'sale', sale: '01a1', part: 'orders' },
  { view: 'sale', sale: '01a1', part: 'audit' },
  { view: 'tickets' },
  { view: 'tickets', ticket: 'a/b ü' },
  { view: 'audit' },
  { view: 'partitions' },
  { view: 'runbook', name: 'halted-partition' },
];

test.each(ROUTES)('the address of $view leads there', (route) => {
  expect(routeOf(address(route))).toEqual(route);
});

test('an empty address is the list of sales', () => {
  expect(['', '#', '#/', '#/sales', '#/sales/'].map(routeOf)).toEqual(Array(5).fill({ view: 'sales' }));
});

describe('an address that nobody made', () => {
  test.each(['#/elsewhere', '#/sales/01a1/money', '#/runbooks', '#/%'])('%s leads nowhere', (hash) => {
    expect(routeOf(hash)).toEqual({ view: 'nowhere' });
  });
});
