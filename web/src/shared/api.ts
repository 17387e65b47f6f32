/** The HTTP API as this page uses it. Every call ends in an answer or a problem; none throws. */

export type SaleState = 'upcoming' | 'active' | 'paused' | 'sold-out' | 'ended' | 'closed';

/** A sale as the server tells it. Times are RFC 3339 UTC. */
export interface Sale {
  id: string;
  state: SaleState;
  product: { id: string; name: string };
  price: { amount_minor: number; currency: string };
  stock: number;
  sold: number;
  remaining: number;
  unit_limit: number;
  starts_at: string;
  ends_at: string;
  /** Grows with every change. */
  revision: number;
  server_time: string;
}

/** What changes in a sale; the live socket sends only this. */
export type SaleNews = Omit<Sale, 'product' | 'price' | 'unit_limit'>;

/** Why a purchase did not win, by a ruling or by a refusal at the door. */
export type Reason =
  | 'sold-out'
  | 'limit-reached'
  | 'not-started'
  | 'ended'
  | 'paused'
  | 'closed'
  | 'malformed'
  | 'unknown-sale'
  | 'adopted';

/** What a ticket stands for now. */
export type Ruling =
  | { state: 'queued'; ahead: number; wait_ms: number }
  | { state: 'won'; order_id: string; replay?: boolean }
  | { state: 'lost'; reason: Reason };

export interface Accepted {
  ticket: string;
  ahead: number;
  wait_ms: number;
}

export interface Order {
  id: string;
  sale_id: string;
  ordered_at: string;
}

export interface Config {
  live_url: string;
  guest_sessions: boolean;
}

/** A refusal. `code` is the last part of the problem's type, or `unreachable` when nobody answered. */
export interface Problem {
  code: string;
  retryAfterMs?: number;
  requestId?: string;
}

export type Answer<T> = { ok: true; body: T } | { ok: false; problem: Problem };

/** Longer than the server's own deadlines, so that its answer comes before we give up, in ms. */
const PATIENCE_MS = 10_000;

interface Call {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: unknown;
  /** Added to the patience of the call: how long the server was asked to hold its answer. */
  heldMs?: number;
  signal?: AbortSignal;
}

/** `hear` is told every `server_time`. */
export function createApi(hear: (serverTime: unknown) => void) {
  async function call<T>(path: string, { method = 'GET', headers, body, heldMs = 0, signal }: Call = {}): Promise<Answer<T>> {
    const given = new AbortController();
    const giveUp = () => given.abort();
    const timer = setTimeout(giveUp, PATIENCE_MS + heldMs);
    signal?.addEventListener('abort', giveUp);
    try {
      const response = await fetch(path, {
        method,
        headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // A cached body would carry an old server_time, and an old ruling.
        cache: 'no-store',
        credentials: 'same-origin',
        signal: given.signal,
      });
      const json: unknown = await response.json().catch(() => undefined);
      if (!response.ok) return { ok: false, problem: problemOf(response, json) };
      if (typeof json !== 'object' || json === null) return { ok: false, problem: { code: 'unreachable' } };
      if ('server_time' in json) hear(json.server_time);
      return { ok: true, body: json as T };
    } catch {
      return { ok: false, problem: { code: 'unreachable' } };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  return {
    config: () => call<Config>('/config.json'),
    sales: (state: 'active' | 'upcoming' | 'ended') => call<{ sales: Sale[]; server_time: string }>(`/v1/sales?state=${state}`),
    sale: (id: string) => call<Sale>(`/v1/sales/${encodeURIComponent(id)}`),
    orders: (sale: string) => call<{ orders: Order[] }>(`/v1/sales/${encodeURIComponent(sale)}/orders/mine`),
    /** A session for somebody without an account. It lives in a cookie that scripts cannot read. */
    signInAsGuest: () => call<unknown>('/v1/sessions/guest', { method: 'POST', body: {} }),
    purchase: (sale: string, key: string) =>
      call<Accepted>(`/v1/sales/${encodeURIComponent(sale)}/purchases`, {
        method: 'POST',
        headers: { 'idempotency-key': key },
        body: { quantity: 1 },
      }),
    /** Asks for a ruling; the server holds the answer for up to `waitS` seconds. */
    ticket: (ticket: string, waitS: number, signal: AbortSignal) =>
      call<Ruling>(`/v1/tickets/${encodeURIComponent(ticket)}?wait=${waitS}`, { heldMs: waitS * 1000, signal }),
  };
}

export type Api = ReturnType<typeof createApi>;

function problemOf(response: Response, json: unknown): Problem {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const type = typeof fields.type === 'string' ? fields.type : '';
  // A gateway's own error page has no type: nobody behind it answered.
  const code = type.split('/').pop() || (response.status === 500 ? 'internal' : response.status > 500 ? 'unreachable' : `http-${response.status}`);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = typeof fields.retry_after_ms === 'number' ? fields.retry_after_ms : seconds * 1000;
  return {
    code,
    ...(Number.isFinite(retryAfterMs) && { retryAfterMs }),
    ...(typeof fields.request_id === 'string' && { requestId: fields.request_id }),
  };
}
