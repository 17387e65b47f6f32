import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sale } from './api.ts';
import { checkChange, checkProduct, checkSale, minorUnits, reasonFault, stockFault, withReason, type SaleDraft } from './terms.ts';

const before = process.env.TZ;
beforeAll(() => void (process.env.TZ = 'Europe/Berlin'));
afterAll(() => void (process.env.TZ = before));

const NOW = Date.parse('2026-11-21T12:00:00Z');
const draft = (more: Partial<SaleDraft> = {}): SaleDraft => ({
  ...{ product: 'p1', stock: '100', unitLimit: '1', price: '49,00', currency: 'EUR' },
  ...{ starts: '2026-11-21T14:00', ends: '2026-11-21T15:00', reason: '', ...more },
});
const faulty = (more: Partial<SaleDraft>) => Object.keys(checkSale(draft(more), NOW).faults);

describe('a new sale', () => {
  test('that is right is sent in the terms of the API', () => {
    expect(checkSale(draft({ reason: ' For the fair. ' }), NOW)).toEqual({
      faults: {},
      body: {
        ...{ product_id: 'p1', stock: 100, unit_limit: 1, price: { amount_minor: 4900, currency: 'EUR' } },
        ...{ starts_at: '2026-11-21T13:00:00.000Z', ends_at: '2026-11-21T14:00:00.000Z', reason: 'For the fair.' },
      },
    });
  });

  test.each<[string, Partial<SaleDraft>]>([
    ['product', { product: '' }],
    ['stock', { stock: '' }],
    ['stock', { stock: '-1' }],
    ['stock', { stock: '1.5' }],
    ['stock', { stock: '1e3' }],
    ['stock', { stock: '10000001' }],
    ['unitLimit', { unitLimit: '0' }],
    ['unitLimit', { unitLimit: '101' }],
    ['price', { price: '' }],
    ['price', { price: '49.001' }],
    ['price', { price: '42949672.96' }],
    ['currency', { currency: 'Euro' }],
    ['currency', { currency: 'eur' }],
    ['starts', { starts: '' }],
    ['starts', { starts: '2026-03-29T02:30' }],
    ['ends', { ends: '2026-11-21T14:00' }],
    ['ends', { starts: '2026-11-20T14:00', ends: '2026-11-20T15:00' }],
    ['reason', { reason: 'x'.repeat(501) }],
    ['reason', { reason: 'a\u0007b' }],
  ])('with a wrong %s says so, and only so: %j', (field, more) => {
    expect(faulty(more)).toEqual([field]);
    expect(checkSale(draft(more), NOW).body).toBeUndefined();
  });

  test('may be as large as the server allows', () => {
    expect(faulty({ stock: '10000000', unitLimit: '100', price: '42949672.95', reason: '😀'.repeat(500) })).toEqual([]);
    expect(faulty({ stock: '0', price: '0' })).toEqual([]);
  });
});

test.each([
  ['19.99', 'EUR', 1999],
  ['19,9', 'EUR', 1990],
  ['0.07', 'EUR', 7],
  ['4900', 'JPY', 4900],
  ['1.234', 'KWD', 1234],
  ['1.5', 'JPY', undefined],
  ['1.000,00', 'EUR', undefined],
  ['-1', 'EUR', undefined],
])('%s %s is %s of the smallest unit', (price, currency, minor) => {
  expect(minorUnits(price, currency)).toBe(minor);
});

describe('a product', () => {
  test('needs a name that is not all spaces, of at most 200 characters', () => {
    expect(checkProduct({ name: '  ', description: '' }).faults).toHaveProperty('name');
    expect(checkProduct({ name: 'x'.repeat(201), description: '' }).faults).toHaveProperty('name');
    expect(checkProduct({ name: ' Lamp ', description: 'Brass.\nOne of twenty.' }).body).toEqual({ name: 'Lamp', description: 'Brass.\nOne of twenty.' });
  });

  test('has a description of at most 4,000 characters', () => {
    expect(checkProduct({ name: 'Lamp', description: 'x'.repeat(4_001) }).faults).toHaveProperty('description');
  });
});

describe('a change', () => {
  const sale = { starts_at: '2026-11-21T11:00:00.250Z', ends_at: '2026-11-21T13:00:00.750Z', unit_limit: 2 } as Sale;
  const same = { starts: '2026-11-21T12:00', ends: '2026-11-21T14:00', unitLimit: '2', reason: '' };

  test('sends only what is new', () => {
    expect(checkChange({ ...same, ends: '2026-11-21T15:00' }, sale, NOW).body).toEqual({ ends_at: '2026-11-21T14:00:00.000Z' });
    expect(checkChange({ ...same, unitLimit: '3', reason: 'More came.' }, sale, NOW).body).toEqual({ unit_limit: 3, reason: 'More came.' });
  });

  test('of nothing is none', () => {
    expect(checkChange(same, sale, NOW)).toMatchObject({ faults: { ends: expect.any(String) }, body: undefined });
  });

  test.each([
    ['unitLimit', { unitLimit: '1' }],
    ['ends', { ends: '2026-11-21T12:30' }],
    ['ends', { ends: '2026-11-21T11:30' }],
    ['ends', { starts: '2026-11-21T14:30' }],
  ])('with a wrong %s says so: %j', (field, more) => {
    // At half past one in Berlin.
    const { faults, body } = checkChange({ ...same, ...more }, sale, Date.parse('2026-11-21T12:30:00Z'));
    expect([Object.keys(faults), body]).toEqual([[field], undefined]);
  });

  test('of the limit alone is right although the window is over: the server knows better', () => {
    expect(checkChange({ ...same, unitLimit: '3' }, sale, NOW + 86_400_000).body).toEqual({ unit_limit: 3 });
  });
});

test('a stock is never below what is sold, and at most ten million', () => {
  expect([stockFault('40', 40), stockFault('10000000', 0)]).toEqual([undefined, undefined]);
  expect([stockFault('39', 40), stockFault('10000001', 0), stockFault('', 0)].every((fault) => fault !== undefined)).toBe(true);
});

test('a reason may be left out', () => {
  expect(reasonFault('')).toBeUndefined();
  expect(withReason({}, '  ')).toEqual({});
});
