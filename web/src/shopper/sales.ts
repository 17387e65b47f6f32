/** What the page knows of sales: which news is newer, how they are listed, when to ask again. Pure. */
import type { Sale, SaleState } from '../shared/api.ts';

/** How often a sale is asked for over HTTP while the live socket is up, in ms: a safety net for missed changes. */
const CALM_MS = 15_000;
/** The same while the socket is down, in ms. */
const ALONE_MS = 3_000;
/** At the moment a sale opens or ends everybody asks whom no socket tells; they spread over this time, in ms. */
const SPREAD_MS = 250;
/** Where a socket is up it tells: only if it has said nothing for this long is the server asked, in ms, and spread over this. */
const TOLD_WITHIN_MS = 2_000;
const LIVE_SPREAD_MS = 3_000;
/** How often the opening is asked for when the server has not turned yet, in ms, and for how long. */
const IMPATIENT_MS = 500;
const IMPATIENT_FOR_MS = 30_000;

/**
 * What was told longer ago than this gives way to any news, in ms: no replica lags that far, but after a restore from
 * a backup revisions go on from an older one.
 */
const OUTDATED_MS = 30_000;

/** Which state comes first in its part of the list. */
const RANK: Record<SaleState, number> = { active: 0, upcoming: 0, paused: 1, 'sold-out': 2, ended: 0, closed: 0 };

/** The newer of what is known of a sale and news of it. */
export function refreshed(sale: Sale | undefined, news: Sale): Sale {
  if (!sale) return news;
  const laterMs = Date.parse(news.server_time) - Date.parse(sale.server_time);
  // A state that only time changes (upcoming, active, ended) keeps its revision.
  const newer = news.revision > sale.revision || (news.revision === sale.revision && laterMs >= 0);
  return newer || laterMs >= OUTDATED_MS ? news : sale;
}

/** The parts of the list, and how each is sorted: what ends or opens first, then what ended last. */
export interface Parts {
  active: Sale[];
  upcoming: Sale[];
  past: Sale[];
}

export function parted(sales: readonly Sale[]): Parts {
  const by = (key: (sale: Sale) => number) => (a: Sale, b: Sale) => RANK[a.state] - RANK[b.state] || key(a) - key(b) || (a.id < b.id ? -1 : 1);
  const of = (...states: SaleState[]) => sales.filter(({ state }) => states.includes(state));
  return {
    active: of('active', 'paused', 'sold-out').sort(by(({ ends_at }) => Date.parse(ends_at))),
    upcoming: of('upcoming').sort(by(({ starts_at }) => Date.parse(starts_at))),
    past: of('ended', 'closed').sort((a, b) => Date.parse(b.ends_at) - Date.parse(a.ends_at) || (a.id < b.id ? -1 : 1)),
  };
}

/** When time alone will change the sale's state, in ms since 1970: its opening, then its end. */
export function turnMs(sale: Sale): number | undefined {
  switch (sale.state) {
    case 'upcoming':
      return Date.parse(sale.starts_at);
    case 'active':
    case 'paused':
    case 'sold-out':
      return Date.parse(sale.ends_at);
    case 'ended':
    case 'closed':
      return undefined;
  }
}

/** When to ask for the sale again, given that it was just heard of at `nowMs`. */
export function nextAskMs(sale: Sale, nowMs: number, live: boolean, random: number): number {
  const regular = nowMs + (live ? CALM_MS : ALONE_MS) * (0.8 + 0.4 * random);
  const turn = turnMs(sale);
  if (turn === undefined) return regular;
  const graceMs = live ? TOLD_WITHIN_MS + LIVE_SPREAD_MS * random : SPREAD_MS * random;
  if (nowMs < turn) return Math.min(regular, turn + graceMs);
  return nowMs < turn + IMPATIENT_FOR_MS ? nowMs + (live ? graceMs : IMPATIENT_MS) : regular;
}
