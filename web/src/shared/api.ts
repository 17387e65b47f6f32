/** The API as shoppers use it: its shapes by the names of this page, and the calls that are made. */
import type { components } from './api.gen.ts';
import type { Client } from './client.ts';

export type { Answer, Problem } from './client.ts';

type Schemas = components['schemas'];

/** A sale as the server tells it. */
export type Sale = Schemas['SaleView'];
export type SaleState = Schemas['SaleState'];
/** Why a purchase did not win, by a ruling or by a refusal at the door. */
export type Reason = Schemas['Reason'];
/** What a ticket stands for now. */
export type Ruling = Schemas['TicketStatus'];
export type Order = Schemas['Order'];
export type Config = Schemas['PageConfig'];
export type WhoAmI = Schemas['WhoAmI'];
export type NewSession = Schemas['Session'];
export type Credentials = Schemas['Credentials'];

export function shopperApi(call: Client) {
  return {
    config: () => call('get', '/config.json'),
    sales: (state: 'active' | 'upcoming' | 'ended') => call('get', '/v1/sales', { query: { state } }),
    sale: (sale: string) => call('get', '/v1/sales/{sale}', { path: { sale } }),
    /** The shopper's orders in one sale, and in all of them, newest first. */
    ordersIn: (sale: string) => call('get', '/v1/sales/{sale}/orders/mine', { path: { sale } }),
    orders: (cursor: string | undefined) => call('get', '/v1/orders', { query: { limit: ORDERS_A_PAGE, ...(cursor !== undefined && { cursor }) } }),
    order: (order: string) => call('get', '/v1/orders/{order}', { path: { order } }),
    purchase: (sale: string, key: string) =>
      call('post', '/v1/sales/{sale}/purchases', { path: { sale }, header: { 'Idempotency-Key': key }, body: { quantity: 1 } }),
    /** Asks for a ruling; the server holds the answer for up to `wait` seconds. */
    ticket: (ticket: string, wait: number, signal: AbortSignal) =>
      call('get', '/v1/tickets/{ticket}', { path: { ticket }, query: { wait }, heldMs: wait * 1000, signal }),
  };
}

export type Api = ReturnType<typeof shopperApi>;

/** Orders shown at once. */
const ORDERS_A_PAGE = 20;
