/** What is said about a sale and a purchase, in the language of the page. Pure but for the language. */
import type { Reason, Sale, SaleState } from '../shared/api.ts';
import { count, duration, localTime, money } from '../shared/format.ts';
import * as m from './messages.gen.ts';
import type { Delay, Purchase, SignInCause, Trouble } from './purchase.ts';

/** A headline and what it means for the shopper. */
export interface Words {
  title: string;
  text: string;
}

/** A sentence of the present language. */
type Said = () => string;

export const SALE_STATES: Record<SaleState, Said> = {
  upcoming: m.stateUpcoming,
  active: m.stateActive,
  paused: m.statePaused,
  'sold-out': m.stateSoldOut,
  ended: m.stateEnded,
  closed: m.stateClosed,
};

/** What a shopper may expect of a sale. */
export const SALE_NOTES: Record<SaleState, Said> = {
  upcoming: m.noteUpcoming,
  active: m.noteActive,
  paused: m.notePaused,
  'sold-out': m.noteSoldOut,
  ended: m.noteEnded,
  closed: m.noteClosed,
};

const LOST: Record<Reason, [Said, Said]> = {
  'sold-out': [m.lostSoldOutTitle, m.lostSoldOutText],
  'limit-reached': [m.lostLimitTitle, m.lostLimitText],
  'not-started': [m.lostEarlyTitle, m.lostEarlyText],
  ended: [m.lostEndedTitle, m.lostEndedText],
  paused: [m.lostPausedTitle, m.lostPausedText],
  closed: [m.lostClosedTitle, m.lostClosedText],
  malformed: [m.lostMalformedTitle, m.lostMalformedText],
  'unknown-sale': [m.lostUnknownTitle, m.lostUnknownText],
  adopted: [m.lostAdoptedTitle, m.lostAdoptedText],
};

/** For a reason that the server has learned after this page was written. */
const LOST_ELSE: [Said, Said] = [m.lostElseTitle, m.lostElseText];

const WAITING: Record<Delay | Trouble, [Said, Said]> = {
  busy: [m.busyTitle, m.busyText],
  'rate-limited': [m.limitedTitle, m.limitedText],
  halted: [m.haltedTitle, m.haltedText],
  'outcome-unknown': [m.doubtTitle, m.doubtText],
  unreachable: [m.noAnswerTitle, m.noAnswerText],
  unavailable: [m.unavailableTitle, m.unavailableText],
  internal: [m.faultTitle, m.faultText],
};

const SIGNED_OUT: Record<SignInCause, [Said, Said]> = {
  ended: [m.signedOutTitle, m.signedOutText],
  needed: [m.accountNeededTitle, m.accountNeededText],
};

const FAILED: Record<string, [Said, Said]> = {
  interrupted: [m.interruptedTitle, m.interruptedText],
  stopped: [m.stoppedTitle, m.stoppedText],
  internal: [m.faultsTitle, m.faultsText],
  unauthorized: [m.shutOutTitle, m.shutOutText],
};

const FAILED_ELSE: [Said, Said] = [m.failedElseTitle, m.failedElseText];

const words = ([title, text]: [Said, Said]): Words => ({ title: title(), text: text() });

export const lostWords = (reason: Reason): Words => words(LOST[reason] ?? LOST_ELSE);

/** What is to be said about a purchase; nothing before the first click. */
export function purchaseWords(purchase: Purchase): Words | undefined {
  switch (purchase.at) {
    case 'idle':
      return undefined;
    case 'sending':
      return words([m.sendingTitle, m.sendingText]);
    case 'waiting':
      return words(WAITING[purchase.why]);
    case 'signed-out':
      return words(SIGNED_OUT[purchase.why]);
    case 'queued':
      return words([m.queuedTitle, m.queuedText]);
    case 'checking':
      return words([m.checkingTitle, m.checkingText]);
    case 'won':
      return words([m.wonTitle, m.wonText]);
    case 'cancelled':
      return words([m.cancelledTitle, m.cancelledText]);
    case 'lost':
      return lostWords(purchase.reason);
    case 'failed':
      return words(FAILED[purchase.code] ?? FAILED_ELSE);
  }
}

/** From here on a wait is told in minutes, in s. */
const LONG_S = 100;

/** The button's text. `waitS` is what is left of a wait. */
export function buttonWords(purchase: Purchase, sale: Sale, waitS: number): string {
  switch (purchase.at) {
    case 'sending':
      return m.buttonSending();
    case 'waiting':
      if (waitS >= LONG_S) return m.buttonWaitingLong({ time: timeLeft(waitS * 1000) });
      return waitS > 0 ? m.buttonWaiting({ n: waitS }) : m.buttonAgain();
    case 'signed-out':
      return m.buttonSignedOut();
    case 'queued':
      return m.buttonQueued();
    case 'checking':
      return m.buttonChecking();
    case 'failed':
      return m.tryAgain();
    case 'won':
      return m.buyOneMore({ price: money(sale.price) });
    case 'idle':
    case 'cancelled':
    case 'lost':
      return sale.state === 'active' || sale.state === 'upcoming' ? m.buyFor({ price: money(sale.price) }) : SALE_STATES[sale.state]();
  }
}

/** How far an expected wait is taken to be off, as a share of it: the drain is known only as it was so far. */
const OFF = 0.5;

/** "12 people ahead of you", "about 2 to 5 seconds". */
export function placeWords(ahead: number, waitMs: number): { ahead: string; wait: string } {
  const unit = waitMs * (1 + OFF) < 100_000 ? 1_000 : 60_000;
  const range = { from: count(Math.max(1, Math.floor((waitMs * (1 - OFF)) / unit))), to: count(Math.ceil((waitMs * (1 + OFF)) / unit)) };
  const people = ahead === 0 ? m.youAreNext() : m.ahead({ n: ahead });
  if (waitMs * (1 + OFF) <= 2_000) return { ahead: people, wait: m.waitMoment() };
  return { ahead: people, wait: unit === 1_000 ? m.waitSeconds(range) : m.waitMinutes(range) };
}

export function stockWords({ state, sold, stock, remaining }: Sale): string {
  if (state === 'ended' || state === 'closed') return m.sold({ sold: count(sold), stock: count(stock) });
  return remaining === 0 ? m.allSold({ stock: count(stock) }) : m.left({ remaining: count(remaining), stock: count(stock) });
}

/** What the list says of a sale, in a line. */
export function saleLine(sale: Sale, nowMs: number): string {
  if (sale.state === 'upcoming') return m.opensAt({ time: localTime(sale.starts_at, nowMs) });
  return sale.state === 'active' ? stockWords(sale) : SALE_STATES[sale.state]();
}

/** 3 d 04:05:06, or 04:05 within the last hour. */
export function timeLeft(ms: number): string {
  const { days, time } = duration(ms);
  return days > 0 ? m.days({ days: count(days), time }) : time;
}

const NEAR: Record<'upcoming' | 'active', [number, Said][]> = {
  upcoming: [[10_000, m.openSoonSeconds], [60_000, m.openSoonMinute], [600_000, m.openSoonMinutes]],
  active: [[10_000, m.endSoonSeconds], [60_000, m.endSoonMinute], [600_000, m.endSoonMinutes]],
};

/** Milestones for those who listen: the text changes only when something is worth being interrupted for. */
export function announcement(sale: Sale | undefined, purchase: Purchase, leftMs: number): string {
  const said = purchaseWords(purchase);
  if (said && purchase.at === 'won') return `${said.title}. ${m.orderNumber()} ${purchase.orderId}.`;
  if (said && purchase.at !== 'sending') return `${said.title}. ${said.text}`;
  if (said) return `${said.title}.`;
  if (!sale) return '';
  if (sale.state !== 'upcoming' && sale.state !== 'active') return `${SALE_STATES[sale.state]()}.`;
  const near = NEAR[sale.state].find(([ms]) => leftMs <= ms)?.[1];
  return near?.() ?? (sale.state === 'active' ? m.saleIsOpen() : '');
}

/** For the tab, which may be in the background when the purchase is decided. */
export function pageTitle(...parts: (string | undefined)[]): string {
  return [...parts, m.shopTitle()].filter(Boolean).join(' · ');
}
