/** The running stack as the browser tests meet it: one sale, and other shoppers who buy without a page. */

/** Units that one run of the tests may need for itself. */
const UNITS = 20;
/** More than this is not sold out by other shoppers: it would take the tests too long. */
const UNITS_MAX = 1_000;
/** Shoppers who buy at the same time. */
const CROWD = 16;

export const BASE = (process.env.FIRSTCOME_URL ?? '').replace(/\/$/, '');

export interface Sale {
  id: string;
  state: string;
  product: { name: string };
  stock: number;
  remaining: number;
}

interface Call {
  method?: 'GET' | 'POST';
  body?: unknown;
  token?: string;
}

/** Calls the API; waits and calls again when told to come back later. Any other refusal fails the test. */
export async function call<T>(path: string, { method = 'GET', body, token }: Call = {}): Promise<T> {
  const response = await fetch(BASE + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T & { retry_after_ms?: number };
  if (response.ok) return answer;
  if ((response.status === 429 || response.status === 503) && answer.retry_after_ms !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, answer.retry_after_ms));
    return call(path, { method, body, ...(token !== undefined && { token }) });
  }
  throw new Refused(response.status, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const theSale = (id: string) => call<Sale>(`/v1/sales/${id}`);

/** FIRSTCOME_SALE, else a new sale when FIRSTCOME_OPERATOR_TOKEN allows one, else the first active one. */
export async function givenASale(): Promise<Sale> {
  if (!BASE) throw new Error('FIRSTCOME_URL must be the address of a running ingress that serves the built page');
  const sale = await findOrMakeASale();
  if (sale.state !== 'active' || sale.remaining < UNITS || sale.remaining > UNITS_MAX) {
    throw new Error(`sale ${sale.id} is ${sale.state} with ${sale.remaining} left; the tests need an active one with ${UNITS} to ${UNITS_MAX}`);
  }
  return sale;
}

async function findOrMakeASale(): Promise<Sale> {
  const { FIRSTCOME_SALE: given, FIRSTCOME_OPERATOR_TOKEN: token } = process.env;
  if (given) return theSale(given);
  if (token) return makeASale(token);
  const { sales } = await call<{ sales: Sale[] }>('/v1/sales?state=active');
  const first = sales.find((sale) => sale.state === 'active');
  if (!first) throw new Error('there is no active sale; set FIRSTCOME_SALE, or FIRSTCOME_OPERATOR_TOKEN to have one made');
  return first;
}

async function makeASale(token: string): Promise<Sale> {
  const product = await call<{ id: string }>('/v1/products', { method: 'POST', token, body: { name: 'Browser test lamp' } });
  const made = await call<Sale>('/v1/sales', {
    method: 'POST',
    token,
    body: {
      product_id: product.id,
      stock: 2 * UNITS,
      unit_limit: 1,
      price: { amount_minor: 4900, currency: 'EUR' },
      starts_at: new Date(Date.now() - 60_000).toISOString(),
      ends_at: new Date(Date.now() + 3_600_000).toISOString(),
    },
  });
  return theSale(made.id);
}

/** Other shoppers buy everything that is left. */
export async function othersBuyTheRest(saleId: string): Promise<void> {
  for (let { remaining } = await theSale(saleId); remaining > 0; { remaining } = await theSale(saleId)) {
    await Promise.all(Array.from({ length: Math.min(remaining, CROWD) }, () => oneBuys(saleId)));
  }
}

async function oneBuys(saleId: string): Promise<void> {
  const { token } = await call<{ token: string }>('/v1/sessions/guest', { method: 'POST', body: {} });
  const { ticket } = await call<{ ticket: string }>(`/v1/sales/${saleId}/purchases`, { method: 'POST', token, body: {} }).catch((error) => {
    // Sold out between the look and the purchase: what remains is told a moment later than it is known.
    if (error instanceof Refused && error.status === 409) return { ticket: undefined };
    throw error;
  });
  if (ticket === undefined) return;
  for (let state = 'queued'; state === 'queued'; ) {
    ({ state } = await call<{ state: string }>(`/v1/tickets/${ticket}?wait=20`));
  }
}
