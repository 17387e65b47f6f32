/** The API as operators use it: its shapes by the names of the console, and the calls that are made. */
import type { components } from '../shared/api.gen.ts';
import type { Answer, Client } from '../shared/client.ts';

export type { Answer, Client, Problem } from '../shared/client.ts';

type Schemas = components['schemas'];
export type Sale = Schemas['SaleView'];
export type SaleState = Schemas['SaleState'];
export type Product = Schemas['CatalogueProduct'];
export type Order = Schemas['OwnedOrder'];
export type NewProduct = Schemas['NewProduct'];
export type NewSale = Schemas['NewSale'];
export type ChangedTerms = Schemas['ChangedTerms'];
export type Restock = Schemas['Restock'];
export type Why = Schemas['Why'];
export type Partition = Schemas['PartitionStanding'];
export type OperatorAction = Schemas['OperatorAction'];
export type TicketStory = Schemas['TicketStory'];
/** What the database has of a sale, counted. */
export type Books = Schemas['SaleBooks'];
/** What is happening in a sale, over all doors. */
export type Traffic = Schemas['SaleTraffic'];

/** Rows of a page of orders, of the audit trail, of products. */
export const PAGE_ROWS = 50;

export interface Rows<Row> {
  rows: Row[];
  next: string | undefined;
}

export type When = 'active' | 'upcoming' | 'ended';

export function operatorApi(call: Client) {
  const keyed = (key: string) => ({ header: { 'Idempotency-Key': key } });
  const page = (cursor: string | undefined) => ({ limit: PAGE_ROWS, ...(cursor !== undefined && { cursor }) });
  return {
    sales: (state: When) => call('get', '/v1/sales', { query: { state } }),
    traffic: (sale: string) => call('get', '/v1/operations/sales/{sale}', { path: { sale } }),
    products: async (cursor?: string) => rows(await call('get', '/v1/products', { query: page(cursor) }), ({ products }) => products),
    orders: async (sale: string, cursor?: string) => rows(await call('get', '/v1/sales/{sale}/orders', { path: { sale }, query: page(cursor) }), ({ orders }) => orders),
    audit: async (sale: string | undefined, cursor?: string) =>
      rows(await call('get', '/v1/operations/audit', { query: { ...page(cursor), ...(sale !== undefined && { sale }) } }), ({ actions }) => actions),
    ticket: (ticket: string) => call('get', '/v1/operations/tickets/{ticket}', { path: { ticket } }),
    partitions: () => call('get', '/v1/operations/partitions'),

    createProduct: (key: string, body: NewProduct) => call('post', '/v1/products', { ...keyed(key), body }),
    openSale: (key: string, body: NewSale) => call('post', '/v1/sales', { ...keyed(key), body }),
    changeSale: (sale: string, key: string, body: ChangedTerms) => call('patch', '/v1/sales/{sale}', { path: { sale }, ...keyed(key), body }),
    restock: (sale: string, key: string, body: Restock) => call('post', '/v1/sales/{sale}/restock', { path: { sale }, ...keyed(key), body }),
    pause: (sale: string, key: string, body: Why) => call('post', '/v1/sales/{sale}/pause', { path: { sale }, ...keyed(key), body }),
    resume: (sale: string, key: string, body: Why) => call('post', '/v1/sales/{sale}/resume', { path: { sale }, ...keyed(key), body }),
    close: (sale: string, key: string, body: Why) => call('post', '/v1/sales/{sale}/close', { path: { sale }, ...keyed(key), body }),
    cancelOrder: (order: string, key: string, body: Why) => call('post', '/v1/orders/{order}/cancel', { path: { order }, ...keyed(key), body }),
  };
}

export type OperatorApi = ReturnType<typeof operatorApi>;

/** Where all orders of a sale are to be downloaded. */
export const csvAddress = (sale: string) => `/v1/sales/${encodeURIComponent(sale)}/orders?format=csv`;

function rows<Page extends { next_cursor?: string | null }, Row>(answer: Answer<Page>, of: (page: Page) => Row[]): Answer<Rows<Row>> {
  return answer.ok ? { ok: true, body: { rows: of(answer.body), next: answer.body.next_cursor ?? undefined } } : answer;
}
