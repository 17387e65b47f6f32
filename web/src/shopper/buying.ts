/** The shell around a purchase: keeps each new state, shows it, then performs what it asks for. Decides nothing. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Api, Ruling } from '../shared/api.ts';
import type { Clock } from '../shared/clock.ts';
import type { Session } from '../shared/session.ts';
import { follow } from './follow.ts';
import type { Keep } from './keep.ts';
import { IDLE, isPending, step, type Effect, type Purchase, type PurchaseEvent } from './purchase.ts';

export interface Buying {
  purchase: ReadonlySignal<Purchase>;
  /** Takes up what this browser keeps of a sale, and stays with that sale. */
  recall(saleId: string): void;
  buy(): void;
  cancel(): void;
  /** A ruling from the live socket. */
  ruled(ticket: string, ruling: Ruling): void;
}

export interface BuyingTools {
  api: Api;
  session: Session;
  clock: Clock;
  keep: Keep;
  /** Asks the live socket for a ticket, and ends that. */
  watch: (ticket: string) => void;
  forget: (ticket: string) => void;
  /** Since when the live socket has said nothing of a ticket, in ms; infinite while it is down. */
  silentForMs: () => number;
  /** Told whether anybody answered a question about a ticket. */
  reached: (answered: boolean) => void;
}

export function openBuying({ api, session, clock, keep, watch, forget, silentForMs, reached }: BuyingTools): Buying {
  const purchase = signal<Purchase>(IDLE);
  let saleId: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let following = new AbortController();

  function dispatch(event: PurchaseEvent) {
    const before = purchase.peek();
    const { purchase: after, effects } = step(before, event, { nowMs: clock.now(), random: Math.random() });
    if (saleId === undefined || (after === before && effects.length === 0)) return;
    // What was taken up is kept already.
    if (event.is !== 'restored') keep.save(saleId, after, clock.now());
    clearTimeout(timer);
    if (before.at === 'queued' && after.at !== 'queued') {
      following.abort();
      forget(before.ticket);
    }
    purchase.value = after;
    for (const effect of effects) void perform(effect, saleId);
  }

  async function perform(effect: Effect, sale: string): Promise<void> {
    switch (effect.do) {
      case 'sign-in':
        return dispatch(await signIn());
      case 'post':
        return dispatch(await post(sale, effect.key));
      case 'look-up-orders':
        return dispatch({ is: 'orders', ids: await orders(sale) });
      case 'follow':
        return followTicket(effect.ticket);
      case 'wake':
        timer = setTimeout(() => dispatch({ is: 'wake' }), effect.inMs);
    }
  }

  async function signIn(): Promise<PurchaseEvent> {
    const answer = await session.beGuest();
    return answer.ok ? { is: 'signed-in' } : { is: 'refused', by: 'sign-in', problem: answer.problem };
  }

  async function post(sale: string, key: string): Promise<PurchaseEvent> {
    const answer = await api.purchase(sale, key);
    if (!answer.ok) return { is: 'refused', by: 'purchase', problem: answer.problem };
    const { ticket, ahead, wait_ms } = answer.body;
    return { is: 'accepted', ticket, ahead, waitMs: wait_ms };
  }

  async function orders(sale: string): Promise<string[] | undefined> {
    const answer = await api.ordersIn(sale);
    if (answer.ok) return answer.body.orders.toSorted((a, b) => Date.parse(a.ordered_at) - Date.parse(b.ordered_at)).map((order) => order.id);
    // Whoever has no session any more has no orders that could be looked up.
    return answer.problem.code === 'unauthorized' ? [] : undefined;
  }

  function followTicket(ticket: string): Promise<void> {
    following.abort();
    following = new AbortController();
    watch(ticket);
    return follow(ticket, {
      ask: api.ticket,
      silentForMs,
      ruled: (ruling) => dispatch({ is: 'ruled', ticket, ruling }),
      refused: () => dispatch({ is: 'ticket-refused', ticket }),
      reached,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      signal: following.signal,
    });
  }

  /** Goes on from a state that this tab did not make itself. */
  function takeUp(kept: Purchase) {
    purchase.value = kept;
    dispatch({ is: 'restored' });
  }

  return {
    purchase,
    recall(id) {
      if (saleId !== undefined) return;
      saleId = id;
      takeUp(keep.load(id));
      keep.watch(id, (kept) => {
        // Another tab got further with this sale. Its queue is followed only from a standing start, and its end is only
        // shown: two tabs that took up each other's news would never stop.
        const mine = purchase.peek();
        if (kept.at === 'queued' && mine.at === 'idle') takeUp(kept);
        if ((kept.at === 'won' || kept.at === 'lost') && !isPending(mine)) purchase.value = kept;
      });
    },
    buy() {
      if (saleId === undefined || isPending(purchase.peek())) return;
      // A second tab may be in the middle of buying the same thing: then this is the same purchase.
      const kept = keep.load(saleId);
      if (isPending(kept)) return takeUp(kept);
      // A reload comes back to this sale, whatever is first in the list by then.
      history.replaceState(null, '', `?sale=${encodeURIComponent(saleId)}`);
      dispatch({ is: 'buy', key: newKey() });
    },
    cancel: () => dispatch({ is: 'cancel' }),
    ruled: (ticket, ruling) => dispatch({ is: 'ruled', ticket, ruling }),
  };
}

/** 128 random bits. `crypto.randomUUID` is missing on plain-http addresses, such as a phone's view of a demo. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
