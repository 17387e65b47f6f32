/**
 * One shopper's purchase as states and events: what to show, what to keep, what to do next.
 *
 * Pure: time, randomness and keys come in as arguments, effects go out as values. The shell keeps every new state
 * before it performs the effects, so a reload at any moment goes on with the same key: one click, one purchase.
 */
import type { Problem, Reason, Ruling } from '../shared/api.ts';

/** Answers that say "not now": nothing was accepted, and the same request may be sent again later. */
export type Delay = 'busy' | 'rate-limited';
/** Answers, or their absence, that leave it open whether the purchase was accepted. */
export type Trouble = 'outcome-unknown' | 'unreachable' | 'internal' | 'halted' | 'unavailable';
/** Why somebody has to sign in before a purchase can go on. */
export type SignInCause = 'ended' | 'needed';

/** The first wait after trouble is about this, in ms; it doubles with every try. */
const FIRST_WAIT_MS = 500;
/** No wait after trouble is longer than this, in ms. */
const LONGEST_WAIT_MS = 10_000;
/** The wait when the server delays us without saying for how long, in ms. */
const DELAY_MS = 2_000;
/** A server that asks for a longer wait than this is taken for broken and asked again then, in ms. */
const LONGEST_DELAY_MS = 5 * 60_000;
/** Faults of the server in a row after which the shopper decides whether to go on. */
const FAULTS_MAX = 5;
/** Sessions begun in a row for one purchase: the first may meet a server that has just changed its keys. */
const SIGN_INS_MAX = 2;
/** An unfinished purchase older than this is not sent again without a new click, in ms: nobody expects it any more. */
const FRESH_MS = 2 * 60_000;
/** How often, and how many times, orders are looked up before bad news is told. Together longer than any queue may be. */
const LOOK_EVERY_MS = 1_500;
const LOOKS = 5;
/** An order that seems to be older than the click by less than this may be its own, in ms: two computers took the times. */
const SKEW_MS = 10_000;

/** What one click means until it is settled. */
export interface Intent {
  /** The idempotency key: however often it is sent, it makes one order at most. */
  key: string;
  /** An earlier request may have been accepted although no answer came. */
  doubt: boolean;
  /** Troubles in a row, for the waits. */
  tries: number;
  /** Sessions begun in a row. */
  signIns: number;
  /** When it was clicked. */
  sentAtMs: number;
}

type Stage =
  | { at: 'idle' }
  | { at: 'sending'; intent: Intent; sinceMs: number }
  | { at: 'waiting'; intent: Intent; why: Delay | Trouble; untilMs: number }
  | { at: 'queued'; intent: Intent; ticket: string; ahead: number; waitMs: number }
  | { at: 'signed-out'; intent: Intent; why: SignInCause }
  | { at: 'checking'; intent: Intent; reason: Reason; looks: number }
  | { at: 'won'; orderId: string }
  /** Won, and taken back by the seller since. */
  | { at: 'cancelled'; orderId: string }
  | { at: 'lost'; reason: Reason; orderId?: string }
  | { at: 'failed'; intent: Intent; code: string; requestId?: string };

/** A stage, and the orders of this sale that this browser has already shown as won. */
export type Purchase = Stage & { owned: readonly string[] };

/** An order as far as it matters here. */
export interface Placed {
  id: string;
  atMs: number;
}

export type PurchaseEvent =
  | { is: 'buy'; key: string }
  | { is: 'cancel' }
  | { is: 'signed-in' }
  /** Somebody has signed in, for this purchase or some time later, to look at their orders. */
  | { is: 'owner-here' }
  /** Only the shopper can begin a session that will do: somebody with an account, or a shop without guests. */
  | { is: 'account-needed'; why: SignInCause }
  | { is: 'accepted'; ticket: string; ahead: number; waitMs: number }
  | { is: 'refused'; by: 'sign-in' | 'purchase'; problem: Problem }
  | { is: 'ruled'; ticket: string; ruling: Ruling }
  | { is: 'ticket-refused'; ticket: string }
  /** The shopper's orders of this sale, oldest first; undefined when they could not be asked. */
  | { is: 'orders'; orders: readonly Placed[] | undefined; retryAfterMs?: number | undefined }
  /** An order that was won does not stand any more. */
  | { is: 'cancelled'; orderId: string }
  /** Later than asked for by so much, as far as the computer's own time tells. */
  | { is: 'wake'; lateMs?: number }
  /** The page was opened with this state kept from before. */
  | { is: 'restored' };

export type Effect =
  | { do: 'sign-in' }
  | { do: 'post'; key: string }
  | { do: 'follow'; ticket: string }
  | { do: 'look-up-orders' }
  | { do: 'look-up-order'; orderId: string }
  | { do: 'wake'; inMs: number };

/** The server's time, and a number in [0, 1). */
export interface Moment {
  nowMs: number;
  random: number;
}

export interface Step {
  purchase: Purchase;
  effects: Effect[];
}

export const IDLE: Purchase = { at: 'idle', owned: [] };

/** Whether a click is still on its way to an end. */
export function isPending(purchase: Purchase): boolean {
  return ['sending', 'waiting', 'signed-out', 'queued', 'checking'].includes(purchase.at);
}

/** The next state. An event that does not fit the state (a late answer, a second click) changes nothing. */
export function step(purchase: Purchase, event: PurchaseEvent, moment: Moment): Step {
  const { owned } = purchase;
  const to = (stage: Stage, ...effects: Effect[]): Step => ({ purchase: { ...stage, owned }, effects });
  const next = decide(purchase, event, moment, to);
  return next ?? { purchase, effects: [] };
}

type To = (stage: Stage, ...effects: Effect[]) => Step;

function decide(purchase: Purchase, event: PurchaseEvent, moment: Moment, to: To): Step | undefined {
  switch (event.is) {
    case 'buy':
      return isPending(purchase) ? undefined : begin(purchase, event.key, moment, to);
    case 'restored':
      return resume(purchase, moment, to);
    case 'orders':
      return learn(purchase, event, moment, to);
    case 'cancelled': {
      if (purchase.at !== 'won' || purchase.orderId !== event.orderId) return undefined;
      return { purchase: { at: 'cancelled', orderId: event.orderId, owned: purchase.owned.filter((id) => id !== event.orderId) }, effects: [] };
    }
    case 'cancel':
      return purchase.at === 'waiting' || purchase.at === 'signed-out' || purchase.at === 'checking' ? stop(purchase.intent, to) : undefined;
    case 'signed-in':
      if (purchase.at === 'signed-out') return send(purchase.intent, moment, to);
      return purchase.at === 'sending' ? to(purchase, { do: 'post', key: purchase.intent.key }) : undefined;
    case 'owner-here': {
      if (purchase.at !== 'signed-out') return undefined;
      const fresh = moment.nowMs <= purchase.intent.sentAtMs + FRESH_MS;
      return fresh ? send(purchase.intent, moment, to) : fail(purchase.intent, { code: 'interrupted' }, to);
    }
    case 'account-needed':
      if (purchase.at !== 'sending' && purchase.at !== 'checking') return undefined;
      return to({ at: 'signed-out', intent: purchase.intent, why: event.why });
    case 'accepted':
      if (purchase.at !== 'sending') return undefined;
      return to(
        { at: 'queued', intent: purchase.intent, ticket: event.ticket, ahead: event.ahead, waitMs: event.waitMs },
        { do: 'follow', ticket: event.ticket },
      );
    case 'refused':
      return purchase.at === 'sending' ? refuse(purchase.intent, event, moment, to) : undefined;
    case 'ruled':
      return purchase.at === 'queued' && purchase.ticket === event.ticket ? rule(purchase, event.ruling, to) : undefined;
    case 'ticket-refused':
      if (purchase.at !== 'queued' || purchase.ticket !== event.ticket) return undefined;
      return trouble({ ...purchase.intent, doubt: true }, 'outcome-unknown', undefined, moment, to);
    case 'wake':
      return wake(purchase, event.lateMs ?? 0, moment, to);
  }
}

/** A click: a new purchase, or the unfinished one again. */
function begin(purchase: Purchase, key: string, moment: Moment, to: To): Step {
  const again = purchase.at === 'failed' && purchase.code !== 'key-reused';
  const kept = again ? purchase.intent : { key, doubt: false, sentAtMs: moment.nowMs };
  return send({ ...kept, tries: 0, signIns: 0 }, moment, to);
}

function send(intent: Intent, moment: Moment, to: To): Step {
  return to({ at: 'sending', intent, sinceMs: moment.nowMs }, { do: 'post', key: intent.key });
}

/** A refused request: bad news, a wait, a new session, or the end of what this page can do. */
function refuse(
  before: Intent,
  { by, problem }: { by: 'sign-in' | 'purchase'; problem: Problem },
  moment: Moment,
  to: To,
): Step {
  const intent = problem.code === 'unauthorized' ? before : { ...before, signIns: 0 };
  switch (problem.code) {
    case 'unauthorized':
      if (intent.signIns >= SIGN_INS_MAX) return fail(intent, problem, to);
      return to(
        { at: 'sending', intent: { ...intent, signIns: intent.signIns + 1 }, sinceMs: moment.nowMs },
        { do: 'sign-in' },
      );
    case 'busy':
    case 'rate-limited':
      return delay(intent, problem.code, problem.retryAfterMs, moment, to);
    case 'outcome-unknown':
    case 'unreachable':
    case 'internal':
    case 'halted':
    case 'unavailable': {
      // A sign-in that failed has not sent the purchase on.
      const doubtful = by === 'purchase' ? { ...intent, doubt: true } : intent;
      if (problem.code === 'internal' && intent.tries + 1 >= FAULTS_MAX) return fail(doubtful, problem, to);
      return trouble(doubtful, problem.code, problem.retryAfterMs, moment, to);
    }
    case 'sold-out':
    case 'not-started':
    case 'ended':
    case 'paused':
    case 'closed':
    case 'unknown-sale':
      return settle(intent, problem.code, to);
    case 'not-found':
      if (by === 'purchase') return settle(intent, 'unknown-sale', to);
      return to({ at: 'signed-out', intent, why: 'needed' });
    case 'forbidden':
      // No guests here.
      return by === 'sign-in' ? to({ at: 'signed-out', intent, why: 'needed' }) : fail(intent, problem, to);
    default:
      return fail(intent, problem, to);
  }
}

/** Waits as long as the server said, to the millisecond: it has booked that slot for us. */
function delay(intent: Intent, why: Delay, retryAfterMs: number | undefined, moment: Moment, to: To): Step {
  const inMs = Math.min(Math.max(retryAfterMs ?? DELAY_MS, 100), LONGEST_DELAY_MS);
  return to({ at: 'waiting', intent, why, untilMs: moment.nowMs + inMs }, { do: 'wake', inMs });
}

/** Longer from try to try, between half and all of a doubling limit, and never less than the server asks for; in ms. */
function backoff(firstMs: number, tries: number, retryAfterMs = 0, { random }: Moment): number {
  const limit = Math.min(firstMs * 2 ** tries, LONGEST_WAIT_MS);
  return Math.min(Math.max(Math.round((limit / 2) * (1 + random)), retryAfterMs), LONGEST_DELAY_MS);
}

/** Waits, and sends the same key again then. */
function trouble(before: Intent, why: Trouble, retryAfterMs: number | undefined, moment: Moment, to: To): Step {
  const inMs = backoff(FIRST_WAIT_MS, before.tries, retryAfterMs, moment);
  const intent = { ...before, tries: before.tries + 1 };
  return to({ at: 'waiting', intent, why, untilMs: moment.nowMs + inMs }, { do: 'wake', inMs });
}

function fail(intent: Intent, { code, requestId }: Problem, to: To): Step {
  const stage: Stage = { at: 'failed', intent, code, ...(requestId !== undefined && { requestId }) };
  return intent.doubt ? to(stage, { do: 'look-up-orders' }) : to(stage);
}

/** The shopper wants no more tries. What may have been accepted cannot be taken back, so it is not forgotten. */
function stop(intent: Intent, to: To): Step {
  return intent.doubt ? fail(intent, { code: 'stopped' }, to) : to({ at: 'idle' });
}

/** Bad news is told at once, unless an earlier request with this key may have won: then the orders are looked up first. */
function settle(intent: Intent, reason: Reason, to: To): Step {
  // The same key after a win is answered "won", so this limit was reached by another purchase: show its order.
  if (reason === 'limit-reached') return to({ at: 'lost', reason }, { do: 'look-up-orders' });
  if (!intent.doubt) return to({ at: 'lost', reason });
  return to({ at: 'checking', intent: { ...intent, tries: 0 }, reason, looks: LOOKS }, { do: 'look-up-orders' });
}

function win(owned: readonly string[], orderId: string): Step {
  const all = owned.includes(orderId) ? owned : [...owned, orderId];
  return { purchase: { at: 'won', orderId, owned: all }, effects: [] };
}

function rule(purchase: Purchase & { at: 'queued' }, ruling: Ruling, to: To): Step {
  switch (ruling.state) {
    case 'won':
      return win(purchase.owned, ruling.order_id);
    case 'lost':
      return settle(purchase.intent, ruling.reason, to);
    case 'queued': {
      const { intent, ticket } = purchase;
      return to({ at: 'queued', intent, ticket, ahead: ruling.ahead, waitMs: ruling.wait_ms });
    }
  }
}

function wake(purchase: Purchase, lateMs: number, moment: Moment, to: To): Step | undefined {
  if (purchase.at === 'checking') return to(purchase, { do: 'look-up-orders' });
  if (purchase.at !== 'waiting') return undefined;
  // A computer that slept through the wait must not buy when it wakes hours later. The server's time may stand still
  // in its sleep, and its own may be set meanwhile: either is reason enough to ask.
  if (Math.max(moment.nowMs - purchase.untilMs, lateMs) > FRESH_MS) return fail(purchase.intent, { code: 'interrupted' }, to);
  return send(purchase.intent, moment, to);
}

/** Goes on after a reload. What was being sent may have arrived. */
function resume(purchase: Purchase, moment: Moment, to: To): Step | undefined {
  switch (purchase.at) {
    case 'sending': {
      const intent = { ...purchase.intent, doubt: true };
      const fresh = moment.nowMs <= purchase.sinceMs + FRESH_MS;
      return fresh ? send(intent, moment, to) : fail(intent, { code: 'interrupted' }, to);
    }
    case 'waiting': {
      const inMs = Math.min(Math.max(0, purchase.untilMs - moment.nowMs), LONGEST_DELAY_MS);
      if (moment.nowMs > purchase.untilMs + FRESH_MS) return wake(purchase, 0, moment, to);
      return to(purchase, { do: 'wake', inMs });
    }
    case 'queued':
      return to(purchase, { do: 'follow', ticket: purchase.ticket });
    case 'checking':
      return to({ ...purchase, looks: LOOKS }, { do: 'look-up-orders' });
    case 'won':
      return to(purchase, { do: 'look-up-order', orderId: purchase.orderId });
    case 'failed':
      return purchase.intent.doubt ? to(purchase, { do: 'look-up-orders' }) : undefined;
    case 'lost':
      return purchase.reason === 'limit-reached' ? to(purchase, { do: 'look-up-orders' }) : undefined;
    default:
      return undefined;
  }
}

/** What the list of orders says about a purchase in doubt. */
function learn(purchase: Purchase, { orders, retryAfterMs }: PurchaseEvent & { is: 'orders' }, moment: Moment, to: To): Step | undefined {
  switch (purchase.at) {
    case 'checking': {
      const won = wonBy(purchase.intent, purchase.owned, orders);
      if (won !== undefined) return win(purchase.owned, won);
      if (!orders) return lookAgain(purchase, retryAfterMs, moment, to);
      const looks = purchase.looks - 1;
      if (looks <= 0) return to({ at: 'lost', reason: purchase.reason });
      return to({ ...purchase, looks }, { do: 'wake', inMs: LOOK_EVERY_MS });
    }
    case 'failed': {
      const won = purchase.intent.doubt ? wonBy(purchase.intent, purchase.owned, orders) : undefined;
      return won === undefined ? undefined : win(purchase.owned, won);
    }
    case 'lost': {
      const orderId = orders?.at(-1)?.id;
      if (purchase.reason !== 'limit-reached' || orderId === undefined) return undefined;
      return { purchase: { ...purchase, orderId, owned: (orders ?? []).map(({ id }) => id) }, effects: [] };
    }
    default:
      return undefined;
  }
}

/** An order that only this purchase can have made: one that was not there before the click. */
function wonBy({ sentAtMs }: Intent, owned: readonly string[], orders: readonly Placed[] = []): string | undefined {
  // Written so that an intent kept by an older page, which does not tell when it was clicked, takes any.
  return orders.findLast(({ id, atMs }) => !owned.includes(id) && !(atMs < sentAtMs - SKEW_MS))?.id;
}

/** Orders that could not be asked prove nothing: it goes on, slower each time, until the shopper has enough. */
function lookAgain(purchase: Purchase & { at: 'checking' }, retryAfterMs: number | undefined, moment: Moment, to: To): Step {
  const { intent } = purchase;
  const inMs = backoff(LOOK_EVERY_MS, intent.tries, retryAfterMs, moment);
  return to({ ...purchase, intent: { ...intent, tries: intent.tries + 1 } }, { do: 'wake', inMs });
}
