/** Whether a sale's books add up. */
import { count } from '../shared/format.ts';
import type { Books } from './api.ts';
import * as m from './messages.gen.ts';

export type Audit = 'good' | 'bad' | 'unknown';

/**
 * The promise that stands over everything: no more is sold than there is, and for each unit sold there is one order. What a sale says
 * of itself cannot break it, for what is left is worked out from what is sold; the orders are counted by themselves.
 */
export function audit(books: Books | null): Audit {
  if (books === null) return 'unknown';
  const { orders, sold, stock } = books;
  return orders === sold && sold <= stock ? 'good' : 'bad';
}

/** What is left is said of the moment of the count. */
export function auditWords(books: Books | null): string {
  if (books === null) return m.checkUnknown();
  const figures = { n: books.orders, sold: count(books.sold), stock: count(books.stock) };
  return audit(books) === 'good' ? m.checkGood({ ...figures, remaining: count(books.stock - books.sold) }) : m.checkBad(figures);
}
