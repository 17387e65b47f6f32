/** What the API says in fixed words, in the reader's. A word that nobody foresaw is shown as it is. */
import { money, type Money } from '../shared/format.ts';
import type { OperatorAction, Problem, Sale, SaleState } from './api.ts';
import { local } from './moment.ts';
import { problemWords } from '../shared/problems.ts';
import * as m from './messages.gen.ts';

type Words = Record<string, () => string>;

const STATES: Record<SaleState, () => string> = {
  ...{ upcoming: m.stateUpcoming, active: m.stateActive, paused: m.statePaused },
  ...{ 'sold-out': m.stateSoldOut, ended: m.stateEnded, closed: m.stateClosed },
};

const REFUSALS: Words = {
  'stale-version': m.refusedStale,
  'below-sold': m.refusedBelowSold,
  closed: m.refusedClosed,
  'window-passed': m.refusedWindow,
  'limit-lowered': m.refusedLimit,
  'already-cancelled': m.refusedCancelled,
  adopted: m.refusedAdopted,
  'unknown-sale': m.refusedNoSale,
  'unknown-order': m.refusedNoOrder,
  'bad-ticket': m.refusedBadTicket,
  unavailable: m.refusedUnavailable,
  halted: m.refusedHalted,
  'other-operator': m.refusedOther,
};

/** Why a purchase was turned away, or lost. */
const CAUSES: Words = {
  'sold-out': m.causeSoldOut,
  busy: m.causeBusy,
  'rate-limited': m.causeRateLimited,
  paused: m.causePaused,
  'not-started': m.causeNotStarted,
  ended: m.causeEnded,
  closed: m.causeClosed,
  halted: m.causeHalted,
  invalid: m.causeInvalid,
  'outcome-unknown': m.causeOutcomeUnknown,
  unauthorized: m.causeUnauthorized,
  'limit-reached': m.causeLimitReached,
  'unknown-sale': m.causeUnknownSale,
  malformed: m.causeMalformed,
  adopted: m.causeAdopted,
};

/** Of purchases and of commands. */
const RULINGS: Words = {
  ...CAUSES,
  ...{ queued: m.rulingQueued, won: m.rulingWon, replay: m.rulingReplay, applied: m.rulingApplied, repeated: m.rulingRepeated },
  'stale-version': m.rulingStale,
  'below-sold': m.rulingBelowSold,
  'window-passed': m.rulingWindow,
  'limit-lowered': m.rulingLimit,
  'already-cancelled': m.rulingCancelled,
};

const ACTIONS: Words = {
  ...{ open: m.actionOpen, change: m.actionChange, pause: m.actionPause, resume: m.actionResume },
  ...{ close: m.actionClose, restock: m.actionRestock, cancel: m.actionCancel },
};

export const stateWords = (state: SaleState): string => STATES[state]();
/** A sale that was made just now may begin later. */
export const openedWords = ({ state }: Pick<Sale, 'state'>, name: string): string => (state === 'upcoming' ? m.saleAnnounced({ name }) : m.saleOpened({ name }));
export const causeWords = (cause: string): string => CAUSES[cause]?.() ?? cause;
export const rulingWords = (ruling: string): string => RULINGS[ruling]?.() ?? ruling;
export const actionWords = (action: string): string => ACTIONS[action]?.() ?? action;

export function refusalWords(problem: Problem): string {
  const detailed = problem.code === 'invalid' || problem.code === 'bad-request';
  if (detailed && problem.detail !== undefined) return m.refusedInvalid({ detail: problem.detail });
  return REFUSALS[problem.code]?.() ?? problemWords(problem);
}

/** The terms of a command, by the names of the log. Of times it tells milliseconds since 1970, in fields ending `_at_ms`. */
export function termsOf(details: OperatorAction['details']): [name: string, value: string][] {
  const known = Object.entries(details ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return known.map(([name, value]) => {
    if (name.endsWith('_at_ms') && typeof value === 'number') return [name.slice(0, -'_at_ms'.length), local(value)];
    return [name, textOf(name, value)];
  });
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (name === 'price' && 'amount_minor' in value) return money(value as Money);
  return 'name' in value ? String(value.name) : JSON.stringify(value);
}
