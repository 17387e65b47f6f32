/**
 * The live socket: what changes, as it changes. It is a hint; whoever needs certainty asks over HTTP.
 *
 * Own code rather than a library: the common ones reconnect and buffer, but know nothing of this protocol's
 * close codes or of asking again for everything watched, which is most of what is below.
 */
import type { Ruling, Sale } from './api.ts';

const PROTOCOL = 'firstcome.v1';

/** The first wait before a new try is at most this, in ms; it doubles with every failure. */
const FIRST_WAIT_MS = 500;
/** No wait is longer than this, in ms. */
const LONGEST_WAIT_MS = 15_000;
/** A socket that held this long was a good one: the waits start small again, in ms. */
const GOOD_AFTER_MS = 5_000;
/** A handshake without an answer is given up after this, in ms. */
const HANDSHAKE_MS = 8_000;
/** Tickets and sales asked for in one message, so that it stays below the server's 4 KiB. */
const ASKED_AT_ONCE = 50;
/** Sales that the server tells one connection of; it forgets none of them before the connection ends. */
export const SALES_MAX = 16;

/**
 * Close codes after which the quick first tries are skipped, and by how many doublings: a restart sends the whole
 * crowd at once; after a bad message, a too big one or "try again later" the next try would most likely fail too.
 */
const SKIPPED = new Map([
  [1008, 4],
  [1009, 4],
  [1012, 2],
  [1013, 3],
]);

export type LiveMessage =
  | { type: 'hello'; server_time: string }
  | ({ type: 'ticket'; ticket: string } & Ruling)
  | ({ type: 'sale' } & Sale)
  | { type: 'refused'; what: string; problem: string; limit?: number }
  /** The server is about to close this connection, and says when to come back. */
  | { type: 'bye'; retry_ms: number };

/** The part of a WebSocket that is used here. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>;

export interface LiveOptions {
  dial: (protocol: string) => Socket;
  hear: (message: Exclude<LiveMessage, { type: 'bye' }>) => void;
  /** Told whenever the socket becomes usable or stops being so. */
  turned: (up: boolean) => void;
  random: () => number;
}

export interface Live {
  /** Asks for a ticket's rulings, now and after every reconnect, until it is forgotten. */
  watch(ticket: string): void;
  forget(ticket: string): void;
  /** Asks for changes of these sales, at most SALES_MAX, in place of those asked for before. */
  follow(sales: readonly string[]): void;
  /** Skips the wait before the next try: the network or the shopper is back. */
  hurry(): void;
  /** Leaves the socket, which may be dead, and comes back after the usual wait: the computer slept, or lost its network. */
  distrust(): void;
  close(): void;
}

export function openLive({ dial, hear, turned, random }: LiveOptions): Live {
  const tickets = new Set<string>();
  let sales: readonly string[] = [];
  /** Sales that this connection was asked for. */
  let asked = new Set<string>();
  let socket: Socket | undefined;
  let up = false;
  let failures = 0;
  /** When the server wants us back, in ms after the close; it gives everybody another time. */
  let invitedInMs: number | undefined;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function ask(watch: readonly string[], about: readonly string[]) {
    if (!up) return;
    for (const sale of about) asked.add(sale);
    for (let i = 0; i < Math.max(watch.length, about.length); i += ASKED_AT_ONCE) {
      socket?.send(JSON.stringify({ watch: watch.slice(i, i + ASKED_AT_ONCE), sales: about.slice(i, i + ASKED_AT_ONCE) }));
    }
  }

  function connect() {
    let mine: Socket;
    try {
      mine = dial(PROTOCOL);
    } catch {
      return lost(1008);
    }
    socket = mine;
    timer = setTimeout(() => drop(mine), HANDSHAKE_MS);
    mine.onopen = () => {
      if (mine !== socket) return;
      clearTimeout(timer);
      timer = setTimeout(() => (failures = 0), GOOD_AFTER_MS);
      up = true;
      asked = new Set();
      turned(true);
      ask([...tickets], sales);
    };
    mine.onmessage = (event) => {
      const message = mine === socket ? parse(event.data) : undefined;
      if (message?.type === 'bye') invitedInMs = message.retry_ms;
      else if (message) hear(message);
    };
    mine.onclose = (event) => {
      if (mine === socket) lost(event.code);
    };
  }

  /** Leaves a socket without waiting for its close, which a dead network delivers minutes later. */
  function drop(dead: Socket) {
    dead.close();
    if (dead === socket) lost(1006);
  }

  function renew(full: Socket) {
    drop(full);
    clearTimeout(timer);
    connect();
  }

  function lost(code: number) {
    clearTimeout(timer);
    socket = undefined;
    if (up) {
      up = false;
      turned(false);
    }
    if (closed) return;
    timer = setTimeout(connect, Math.min(invitedInMs ?? waitMs(failures, code, random()), LONGEST_WAIT_MS));
    invitedInMs = undefined;
    failures += 1;
  }

  connect();
  return {
    watch(ticket) {
      tickets.add(ticket);
      ask([ticket], []);
    },
    forget: (ticket) => void tickets.delete(ticket),
    follow(ids) {
      sales = ids.slice(0, SALES_MAX);
      const added = sales.filter((id) => !asked.has(id));
      if (!up || added.length === 0) return;
      // The server would refuse them; a new connection asks only for what matters now.
      if (asked.size + added.length > SALES_MAX && socket) return renew(socket);
      ask([], added);
    },
    hurry() {
      if (socket || closed) return;
      clearTimeout(timer);
      connect();
    },
    distrust() {
      if (socket) drop(socket);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
      socket = undefined;
    },
  };
}

/** The wait before try number `failures + 1`: anywhere between nothing and a doubling limit, so that a crowd spreads out. */
export function waitMs(failures: number, code: number, random: number): number {
  const doublings = failures + (SKIPPED.get(code) ?? 0);
  return random * Math.min(FIRST_WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS);
}

/** The notifier's address, from what /config.json says; a path alone means the page's own host. */
export function liveAddress(configured: string, page: string): string {
  const url = new URL(configured, page);
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.pathname === '/') url.pathname = '/v1/live';
  return url.href;
}

function parse(text: unknown): LiveMessage | undefined {
  try {
    const message: unknown = JSON.parse(String(text));
    return typeof message === 'object' && message !== null && 'type' in message ? (message as LiveMessage) : undefined;
  } catch {
    return undefined;
  }
}
