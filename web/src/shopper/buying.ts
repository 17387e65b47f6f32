/** The shell around a purchase: keeps each new state, shows it, then performs what it asks for. Decides nothing. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { alone } from '../shared/alone.ts';
import type { Api, Order, Ruling } from '../shared/api.ts';
import type { Clock } from '../shared/clock.ts';
import { newKey } from '../shared/key.ts';
import type { Session } from '../shared/session.ts';
import { follow } from './follow.ts';
import type { Keep } from './keep.ts';
import { IDLE, isPending, step, type Effect, type Purchase, type PurchaseEvent } from './purchase.ts';

/** What the shop calls a sale that it does not know; a gateway's own 404 proves nothing. */
const NO_SUCH_SALE = new Set(['unknown-sale', 'not-found']);
/** Held by the tab that begins a guest's session. */
const GUEST = 'firstcome.guest';

export interface Buying {
  purchase: ReadonlySignal<Purchase>;
  buy(): void;
  cancel(): void;
  /** Somebody is here with an account: by a form on this page, in another tab, or since before it was opened. */
  ownerHere(): void;
  /** A ruling from the live socket. */
  ruled(ticket: string, ruling: Ruling): void;
  /** Listens to nothing any more: it was somebody else's. */
  close(): void;
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
  silentForMs: (ticket: string) => number;
  /** Told whether anybody answered a question about a ticket. */
  reached: (answered: boolean) => void;
  /** Told of a verdict that was waited for. */
  ended: (purchase: Purchase) => void;
}

/** Takes up what this browser keeps of a sale, and stays with that sale. */
export function openBuying(saleId: string, tools: BuyingTools): Buying {
  const { api, session, clock, keep, watch, forget, silentForMs, reached, ended } = tools;
  const purchase = signal<Purchase>(IDLE);
  const life = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let following = new AbortController();
  /** When the request was sent that was refused last, by the computer's own time: that goes on in its sleep. */
  let sentMs: number | undefined;

  function dispatch(event: PurchaseEvent) {
    const before = purchase.peek();
    const { purchase: after, effects } = step(before, event, { nowMs: clock.now(), random: Math.random() });
    if (life.signal.aborted || (after === before && effects.length === 0)) return;
    // What was taken up is kept already.
    if (event.is !== 'restored') keep.save(saleId, after, clock.now());
    clearTimeout(timer);
    if (before.at === 'queued' && after.at !== 'queued') {
      following.abort();
      forget(before.ticket);
    }
    purchase.value = after;
    if (isPending(before) && (after.at === 'won' || after.at === 'lost')) ended(after);
    for (const effect of effects) void perform(effect);
  }

  async function perform(effect: Effect): Promise<void> {
    switch (effect.do) {
      case 'sign-in':
        return dispatch(await signIn());
      case 'post':
        return dispatch(await post(effect.key));
      case 'look-up-orders':
        return dispatch(await orders());
      case 'look-up-order':
        return lookUp(effect.orderId);
      case 'follow':
        return followTicket(effect.ticket);
      case 'wake':
        return wakeIn(effect.inMs);
    }
  }

  function wakeIn(inMs: number) {
    const dueMs = (sentMs ?? Date.now()) + inMs;
    timer = setTimeout(() => dispatch({ is: 'wake', lateMs: Date.now() - dueMs }), inMs);
  }

  async function signIn(): Promise<PurchaseEvent> {
    // Whoever has an account here wants the order in it, not in a guest's hands.
    if (session.hadAccount()) {
      session.ended();
      return { is: 'account-needed', why: 'ended' };
    }
    return alone(GUEST, beGuest);
  }

  /** Two tabs that each made a guest would buy for two people. */
  async function beGuest(): Promise<PurchaseEvent> {
    const who = await session.learn();
    if (typeof who === 'object') return { is: 'signed-in' };
    if (who === 'unknown') return { is: 'refused', by: 'sign-in', problem: { code: 'unavailable' } };
    const answer = await session.beGuest();
    return answer.ok ? { is: 'signed-in' } : { is: 'refused', by: 'sign-in', problem: answer.problem };
  }

  async function post(key: string): Promise<PurchaseEvent> {
    sentMs = Date.now();
    const answer = await api.purchase(saleId, key);
    if (answer.ok) sentMs = undefined;
    if (!answer.ok) return { is: 'refused', by: 'purchase', problem: answer.problem };
    const { ticket, ahead, wait_ms } = answer.body;
    return { is: 'accepted', ticket, ahead, waitMs: wait_ms };
  }

  async function orders(): Promise<PurchaseEvent> {
    const answer = await api.ordersIn(saleId);
    if (answer.ok) return { is: 'orders', orders: byAge(answer.body.orders) };
    const { code, retryAfterMs } = answer.problem;
    // Of a sale that is gone from the shop nobody has an order that stands.
    if (NO_SUCH_SALE.has(code)) return { is: 'orders', orders: [] };
    if (code !== 'unauthorized') return { is: 'orders', orders: undefined, retryAfterMs };
    // A guest who has no session any more has no orders that could be looked up.
    return session.hadAccount() ? { is: 'account-needed', why: 'ended' } : { is: 'orders', orders: [] };
  }

  /** Only the order itself says for certain that it was cancelled; whoever may not see it (any more) learns nothing. */
  async function lookUp(orderId: string): Promise<void> {
    const answer = await api.order(orderId);
    if (answer.ok && answer.body.cancelled_at !== undefined) dispatch({ is: 'cancelled', orderId });
  }

  function followTicket(ticket: string): Promise<void> {
    following.abort();
    following = new AbortController();
    watch(ticket);
    return follow(ticket, {
      ask: api.ticket,
      silentForMs: () => silentForMs(ticket),
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
    const goOn = () => {
      if (purchase.peek() === kept) dispatch({ is: 'restored' });
    };
    // How old it is can be told only by the clock that it was kept by: the server's.
    if (kept.at === 'sending' || kept.at === 'waiting') clock.whenHeard(goOn);
    else goOn();
  }

  /** Another tab got further with this sale. */
  function hear(kept: Purchase) {
    // Its queue is followed only from a standing start, and its end is only shown: two tabs that took up each other's news
    // would never stop.
    const mine = purchase.peek();
    if (kept.at === 'queued' && mine.at === 'idle') takeUp(kept);
    if (['won', 'lost', 'cancelled'].includes(kept.at) && !isPending(mine)) purchase.value = kept;
  }

  function buy() {
    if (isPending(purchase.peek())) return;
    // A second tab may be in the middle of buying the same thing: then this is the same purchase.
    const kept = keep.load(saleId);
    if (isPending(kept)) return takeUp(kept);
    // What failed there may have been accepted: the same again, not one more.
    if (kept.at === 'failed') purchase.value = kept;
    dispatch({ is: 'buy', key: newKey() });
  }

  function close() {
    life.abort();
    following.abort();
    clearTimeout(timer);
  }

  takeUp(keep.load(saleId));
  keep.watch(saleId, hear, life.signal);
  return {
    purchase,
    buy,
    cancel: () => dispatch({ is: 'cancel' }),
    ownerHere: () => dispatch({ is: 'owner-here' }),
    ruled: (ticket, ruling) => dispatch({ is: 'ruled', ticket, ruling }),
    close,
  };
}

const byAge = (orders: readonly Order[]) => orders.map(({ id, ordered_at }) => ({ id, atMs: Date.parse(ordered_at) })).sort((a, b) => a.atMs - b.atMs);
