/** Every sentence of the shopper page, and how numbers are written in it. Pure. */
import type { Reason, Sale, SaleState } from '../shared/api.ts';
import type { Delay, Purchase, Trouble } from './purchase.ts';

/** A headline and what it means for the shopper. */
export interface Words {
  title: string;
  text: string;
}

export const SALE_STATES: Record<SaleState, string> = {
  upcoming: 'Opens soon',
  active: 'On sale now',
  paused: 'Paused',
  'sold-out': 'Sold out',
  ended: 'Ended',
  closed: 'Closed',
};

/** What a shopper may expect of a sale that cannot be bought from now. */
export const SALE_NOTES: Record<SaleState, string> = {
  upcoming: 'The button works the moment the sale opens. You do not need to reload.',
  active: 'First come, first served. One press is one purchase, even if you press twice or reload.',
  paused: 'The seller has paused this sale. This page shows it as soon as it goes on.',
  'sold-out': 'Every unit has found its buyer. If some become available again, this page shows it.',
  ended: 'The time for this sale is over.',
  closed: 'The seller has closed this sale.',
};

const LOST: Record<Reason, Words> = {
  'sold-out': { title: 'Sold out', text: 'Others were faster: the last unit was gone before it was your turn. Nothing was ordered.' },
  'limit-reached': { title: 'You already have yours', text: 'You have bought as many as one person may buy. Nothing more was ordered.' },
  'not-started': { title: 'Not open yet', text: 'You were a moment too early. Nothing was ordered; press again once the sale is open.' },
  ended: { title: 'The sale has ended', text: 'Your purchase came after the end. Nothing was ordered.' },
  paused: { title: 'The sale is paused', text: 'The seller paused it just before your turn. Nothing was ordered; you can press again when it goes on.' },
  closed: { title: 'The sale is closed', text: 'The seller closed it before your turn. Nothing was ordered.' },
  malformed: { title: 'That went wrong', text: 'The shop could not read your purchase. Nothing was ordered; please press again.' },
  'unknown-sale': { title: 'No such sale', text: 'The shop does not know this sale any more. Nothing was ordered.' },
  adopted: { title: 'The shop lost your purchase', text: 'Its record was damaged before it was your turn, and the seller had to go on without it. Nothing was ordered; you can press again.' },
};

/** For a reason that the server has learned after this page was written. */
const LOST_ELSE: Words = { title: 'This did not work', text: 'The shop turned your purchase down. Nothing was ordered.' };

const WAITING: Record<Delay | Trouble, Words> = {
  busy: { title: 'Very busy right now', text: 'The queue is full for a moment. We try again for you; keep this page open.' },
  'rate-limited': { title: 'One moment', text: 'There were many requests from here. We try again for you; keep this page open.' },
  halted: { title: 'The shop is being checked', text: 'Purchases have stopped for a while. We keep asking with the same purchase; it counts only once.' },
  'outcome-unknown': { title: 'Asking again', text: 'The shop could not say yet whether it took your purchase. We ask again; it counts only once.' },
  unreachable: { title: 'No answer from the shop', text: 'It may be your connection or ours. We keep trying with the same purchase; it counts only once.' },
  internal: { title: 'Something went wrong in the shop', text: 'We try again with the same purchase; it counts only once.' },
};

const FAILED: Record<string, Words> = {
  interrupted: { title: 'Your purchase was interrupted', text: 'Too much time has passed to go on without asking you. Press again to go on; it counts only once.' },
  stopped: { title: 'Stopped', text: 'An earlier try may still have gone through; if so, your order shows here when you load this page again.' },
  internal: { title: 'Something went wrong in the shop', text: 'We tried several times. You can press again: it is still the same purchase and counts only once.' },
  unauthorized: { title: 'The shop did not let you in', text: 'Your browser may be blocking cookies, which this shop needs to know you. Nothing was ordered.' },
  'no-guests': { title: 'An account is needed here', text: 'This shop does not sell to guests, and this page cannot sign you in yet. Nothing was ordered.' },
};

const FAILED_ELSE: Words = { title: 'The shop refused this purchase', text: 'It gave no reason that this page knows. You can press again.' };

/** What is to be said about a purchase; nothing before the first click. */
export function purchaseWords(purchase: Purchase): Words | undefined {
  switch (purchase.at) {
    case 'idle':
      return undefined;
    case 'sending':
      return { title: 'Sending your purchase', text: 'This takes a moment.' };
    case 'waiting':
      return WAITING[purchase.why];
    case 'queued':
      return { title: 'You are in the queue', text: 'Your purchase is recorded. You may reload or come back later; your place stays.' };
    case 'checking':
      return { title: 'Checking your orders', text: 'An earlier try may have gone through. We make sure before we say anything.' };
    case 'won':
      return { title: 'It is yours', text: 'Your order is placed and safe. This is its number:' };
    case 'lost':
      return LOST[purchase.reason] ?? LOST_ELSE;
    case 'failed':
      return FAILED[purchase.code] ?? FAILED_ELSE;
  }
}

/** The button's text. `waitS` is what is left of a wait. */
export function buttonWords(purchase: Purchase, sale: Sale, waitS: number): string {
  switch (purchase.at) {
    case 'sending':
      return 'Sending…';
    case 'waiting':
      return waitS > 0 ? `Trying again in ${waitS} s` : 'Trying again…';
    case 'queued':
      return 'In the queue';
    case 'checking':
      return 'Checking…';
    case 'failed':
      return 'Try again';
    case 'won':
      return `Buy one more for ${price(sale)}`;
    case 'idle':
    case 'lost':
      return sale.state === 'active' || sale.state === 'upcoming' ? `Buy for ${price(sale)}` : SALE_STATES[sale.state];
  }
}

/** "12 ahead of you, about 3 seconds". */
export function placeWords(ahead: number, waitMs: number): { ahead: string; wait: string } {
  const seconds = Math.ceil(waitMs / 1000);
  const people = ahead === 0 ? 'You are next' : `${count(ahead)} ahead of you`;
  if (seconds <= 1) return { ahead: people, wait: 'about a second' };
  return { ahead: people, wait: seconds < 90 ? `about ${seconds} seconds` : `about ${Math.round(seconds / 60)} minutes` };
}

export function stockWords(sale: Sale): string {
  if (sale.state === 'ended' || sale.state === 'closed') return `${count(sale.sold)} of ${count(sale.stock)} sold`;
  return sale.remaining === 0 ? `All ${count(sale.stock)} sold` : `${count(sale.remaining)} of ${count(sale.stock)} left`;
}

export function limitWords(limit: number): string {
  return limit === 1 ? 'One per person' : `Up to ${count(limit)} per person`;
}

/** Milestones for those who listen: the text changes only when something is worth being interrupted for. */
export function announcement(sale: Sale | undefined, purchase: Purchase, leftMs: number): string {
  const words = purchaseWords(purchase);
  if (words && purchase.at === 'won') return `${words.title}. Order number ${purchase.orderId}.`;
  if (words && purchase.at !== 'sending') return `${words.title}. ${words.text}`;
  if (words) return `${words.title}.`;
  if (!sale) return '';
  const near = [10_000, 60_000, 600_000].find((ms) => leftMs <= ms);
  const time = near === undefined ? '' : near < 60_000 ? 'in 10 seconds' : `in less than ${near === 60_000 ? 'a minute' : '10 minutes'}`;
  if (sale.state === 'upcoming') return time && `The sale opens ${time}.`;
  if (sale.state === 'active') return time ? `The sale ends ${time}.` : 'The sale is open.';
  return `${SALE_STATES[sale.state]}.`;
}

/** For the tab, which may be in the background when the purchase is decided. */
export function pageTitle(sale: Sale | undefined, purchase: Purchase): string {
  const words = purchaseWords(purchase);
  return [words?.title, sale?.product.name, 'Firstcome'].filter(Boolean).join(' · ');
}

/** 3 d 04:05:06, or 04:05 within the last hour. Counts up to the full second, so that zero means now. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const [d, h, m, s] = [Math.floor(total / 86_400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60];
  if (d > 0) return `${d} d ${two(h)}:${two(m)}:${two(s)}`;
  return h > 0 ? `${two(h)}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

export function count(n: number): string {
  return new Intl.NumberFormat().format(n);
}

export function price({ price: { amount_minor, currency } }: Pick<Sale, 'price'>): string {
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
  return format.format(amount_minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** A moment in the shopper's own time zone. */
export function localTime(time: string): string {
  return new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(
    new Date(time),
  );
}

/** The time zone that `localTime` writes in, such as "Central European Time". */
export function timeZone(): string {
  const parts = new Intl.DateTimeFormat(undefined, { timeZoneName: 'longGeneric' }).formatToParts();
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}
