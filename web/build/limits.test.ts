import { expect, test } from 'vitest';
import { limitsOf } from './limits.ts';

const SCHEMAS = { NewSale: { properties: { stock: { type: 'integer', minimum: 0, maximum: 9 }, product_id: { type: 'string' } } } };

test('the limits of a form are those of the description, and nothing else', () => {
  expect(limitsOf(SCHEMAS, ['NewSale'])).toContain('"stock": {\n      "minimum": 0,\n      "maximum": 9\n    }');
  expect(limitsOf(SCHEMAS, ['NewSale'])).not.toMatch(/product_id|integer/);
});

test('a schema that the description does not have any more is noticed', () => {
  expect(() => limitsOf(SCHEMAS, ['OldSale'])).toThrow('no schema OldSale');
});
