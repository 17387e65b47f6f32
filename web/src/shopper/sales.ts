/** What the page knows of sales: which news is newer, which sale is shown large, when to ask again. Pure. */
import type { Sale, SaleNews, SaleState } from '../shared/api.ts';

/** How often a sale is asked for over HTTP while the live socket is up, in ms: a safety net for missed changes. */
const CALM_MS = 15_000;
/** The same while the socket is down, in ms. */
const ALONE_MS = 3_000;
/** At the moment a sale opens or ends the whole crowd asks; they spread over this time, in ms. */
const SPREAD_MS = 250;
/** How often the opening is asked for when the server has not turned yet, in ms, and for how long. */
const IMPATIENT_MS = 500;
const IMPATIENT_FOR_MS = 30_000;

/**
 * What was told longer ago than this gives way to any news, in ms: no replica lags that far, but after a restore from
 * a backup revisions go on from an older one.
 */
const OUTDATED_MS = 30_000;

/** Which state is of most interest to somebody who comes in. */
const RANK: Record<SaleState, number> = { active: 0, upcoming: 1, paused: 2, 'sold-out': 3, ended: 4, closed: 5 };

/** The sale with the news in it, or unchanged when the news is older than what is known. */
export function refreshed(sale: Sale, news: SaleNews): Sale {
  const laterMs = Date.parse(news.server_time) - Date.parse(sale.server_time);
  // A state that only time changes (upcoming, active, ended) keeps its revision.
  const newer = news.revision > sale.revision || (news.revision === sale.revision && laterMs >= 0);
  if (sale.id !== news.id || (!newer && laterMs < OUTDATED_MS)) return sale;
  const { state, stock, sold, remaining, starts_at, ends_at, revision, server_time } = news;
  return { ...sale, state, stock, sold, remaining, starts_at, ends_at, revision, server_time };
}

/** The sale to show large when the address names none: the active one that ends first, else the next to open. Never a past one. */
export function featured(sales: readonly Sale[]): Sale | undefined {
  return sales
    .filter((sale) => turnMs(sale) !== undefined)
    .sort((a, b) => RANK[a.state] - RANK[b.state] || (turnMs(a) ?? 0) - (turnMs(b) ?? 0) || (a.id < b.id ? -1 : 1))[0];
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
  if (nowMs < turn) return Math.min(regular, turn + SPREAD_MS * random);
  return nowMs < turn + IMPATIENT_FOR_MS ? nowMs + IMPATIENT_MS : regular;
}
