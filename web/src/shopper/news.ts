/** How news reach the page: the live socket, what it is asked for, and since when it has been silent. */
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { Ruling, Sale } from '../shared/api.ts';
import type { Contact } from '../shared/contact.tsx';
import { liveAddress, openLive, type Live, type LiveMessage } from '../shared/live.ts';

export interface News {
  contact: ReadonlySignal<Contact>;
  /** Asks for a ticket, and ends that. */
  watch(ticket: string): void;
  forget(ticket: string): void;
  /** Since when the socket has said nothing of a ticket, in ms; infinite while it is down. */
  silentForMs(ticket: string): number;
  /** Asks for changes of these sales, in place of those before. */
  follow(sales: readonly string[]): void;
  isLive(): boolean;
  /** Opens the socket, once its address is known. */
  connect(address: string): void;
  /** The network or the shopper is back. */
  hurry(): void;
  /** The computer slept, or lost its network: the socket may be dead. */
  distrust(): void;
  /** Whether anybody answered a question over HTTP. */
  reached(answered: boolean): void;
}

export interface Listener {
  time: (serverTime: string) => void;
  sale: (sale: Sale) => void;
  ruled: (ticket: string, ruling: Ruling) => void;
  /** The socket came or went. */
  turned: () => void;
}

export function openNews(on: Listener): News {
  const socketUp = signal(false);
  const answered = signal(true);
  /** When the socket last said something of a ticket; all that are watched are in here. */
  const heardAt = new Map<string, number>();
  let sales: readonly string[] = [];
  let live: Live | undefined;

  function hear(message: Exclude<LiveMessage, { type: 'bye' }>) {
    switch (message.type) {
      case 'hello':
        return on.time(message.server_time);
      case 'sale': {
        const { type: _, ...sale } = message;
        on.time(sale.server_time);
        return on.sale(sale);
      }
      case 'ticket':
        heardAt.set(message.ticket, performance.now());
        return on.ruled(message.ticket, message);
      case 'refused':
        // The HTTP API is asked instead; it decides.
        if (heardAt.has(message.what)) heardAt.set(message.what, -Infinity);
    }
  }

  function turned(up: boolean) {
    socketUp.value = up;
    on.turned();
  }

  return {
    contact: computed(() => (socketUp.value ? 'live' : answered.value ? 'asking' : 'lost')),
    watch(ticket) {
      heardAt.set(ticket, performance.now());
      live?.watch(ticket);
    },
    forget(ticket) {
      heardAt.delete(ticket);
      live?.forget(ticket);
    },
    silentForMs: (ticket) => (socketUp.peek() ? performance.now() - (heardAt.get(ticket) ?? -Infinity) : Infinity),
    follow(ids) {
      sales = ids;
      live?.follow(ids);
    },
    isLive: () => socketUp.peek(),
    connect(address) {
      const dial = (protocol: string) => new WebSocket(liveAddress(address, location.href), protocol);
      live = openLive({ dial, hear, turned, random: Math.random });
      live.follow(sales);
      for (const ticket of heardAt.keys()) live.watch(ticket);
    },
    hurry: () => live?.hurry(),
    distrust: () => live?.distrust(),
    reached: (someone) => void (answered.value = someone),
  };
}
