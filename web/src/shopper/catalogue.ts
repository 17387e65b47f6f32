/** What is known of sales, and the questions that keep it fresh. One thing is shown at a time: the list, or one sale. */
import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { Api, Problem, Sale } from '../shared/api.ts';
import type { Clock } from '../shared/clock.ts';
import { nextAskMs, refreshed } from './sales.ts';

/** How often the list is asked for while the socket tells what changes, and while it does not, in ms. */
const LIST_CALM_MS = 30_000;
const LIST_ALONE_MS = 8_000;
/** The wait after a question that was not answered is about this, in ms; it doubles up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;
/** A server that asks for a longer wait than this is taken for broken and asked again then, in ms. */
const LONGEST_DELAY_MS = 5 * 60_000;
/** Whoever the server sends away for a time comes back later than that by up to this share of it: a crowd spreads out. */
const LATER = 0.5;
/** Past sales in the list. */
const PAST_SALES = 10;

const NO_SUCH_SALE = new Set(['not-found', 'unknown-sale', 'bad-request', 'invalid']);

/** What can be shown of the subject. */
export type Phase = 'opening' | 'open' | 'unreachable' | 'refused' | 'unknown-sale';
/** The list, one sale by its id, or nothing of the catalogue. */
export type Subject = { list: true } | { sale: string } | undefined;

export interface Catalogue {
  sales: ReadonlySignal<ReadonlyMap<string, Sale>>;
  /** Ids of the list. */
  listed: ReadonlySignal<readonly string[]>;
  phase: ReadonlySignal<Phase>;
  show(subject: Subject): void;
  /** News of a sale, from the socket. */
  takeIn(sale: Sale): void;
  /** Asks now. */
  refresh(): void;
  /** Plans anew: the socket came or went. */
  replan(): void;
}

export interface CatalogueTools {
  api: Api;
  clock: Clock;
  live: () => boolean;
  /** Whether anybody would see an answer. Otherwise the page asks when somebody looks again. */
  wanted: () => boolean;
  /** Told after every question whether anybody answered. */
  reached: (answered: boolean) => void;
  /** Told which sales the page shows. */
  shown: (ids: readonly string[]) => void;
}

export function openCatalogue({ api, clock, live, wanted, reached, shown }: CatalogueTools): Catalogue {
  const sales = signal<ReadonlyMap<string, Sale>>(new Map());
  const listed = signal<readonly string[]>([]);
  const phase = signal<Phase>('opening');
  let subject: Subject;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  /** The wait that the last refusal asked for, in ms. */
  let askedForMs = 0;

  function keep(news: readonly Sale[]) {
    const known = new Map(sales.peek());
    for (const one of news) known.set(one.id, refreshed(known.get(one.id), one));
    sales.value = known;
  }

  function plan(inMs: number) {
    clearTimeout(timer);
    timer = setTimeout(() => wanted() && void ask(), inMs);
  }

  function replan() {
    if (!subject || phase.peek() === 'opening') return;
    if (failures > 0) return plan(waitMs(failures, askedForMs, Math.random()));
    const sale = 'sale' in subject ? sales.peek().get(subject.sale) : undefined;
    const nowMs = clock.now();
    plan(sale ? nextAskMs(sale, nowMs, live(), Math.random()) - nowMs : (live() ? LIST_CALM_MS : LIST_ALONE_MS) * (0.8 + 0.4 * Math.random()));
  }

  async function ask() {
    clearTimeout(timer);
    const asked = subject;
    if (!asked) return;
    const problem = await ('sale' in asked ? askSale(asked.sale) : askList());
    const found = problem ? phaseOf(problem) : 'open';
    reached(found !== 'unreachable');
    // The answer is kept in any case, but what is shown is something else by now.
    if (asked !== subject) return;
    failures = problem ? failures + 1 : 0;
    askedForMs = problem?.retryAfterMs ?? 0;
    // What was shown once stays, for the chip says that it is no longer fresh.
    if (found === 'open' || found === 'unknown-sale' || phase.peek() !== 'open') phase.value = found;
    if (found === 'open') tellShown();
    replan();
  }

  async function askSale(id: string): Promise<Problem | undefined> {
    const answer = await api.sale(id);
    if (!answer.ok) return answer.problem;
    keep([answer.body]);
    return undefined;
  }

  async function askList(): Promise<Problem | undefined> {
    const [active, upcoming, ended] = await Promise.all([api.sales('active'), api.sales('upcoming'), api.sales('ended')]);
    if (!active.ok) return active.problem;
    if (!upcoming.ok) return upcoming.problem;
    if (!ended.ok) return ended.problem;
    const all = [...active.body.sales, ...upcoming.body.sales, ...ended.body.sales.slice(0, PAST_SALES)];
    batch(() => {
      keep(all);
      listed.value = all.map(({ id }) => id);
    });
    return undefined;
  }

  function tellShown() {
    shown(!subject ? [] : 'sale' in subject ? [subject.sale] : listed.peek());
  }

  return {
    sales,
    listed,
    phase,
    show(next) {
      subject = next;
      failures = 0;
      const known = next && ('sale' in next ? sales.peek().has(next.sale) : listed.peek().length > 0);
      phase.value = known ? 'open' : 'opening';
      if (known) tellShown();
      void ask();
    },
    takeIn(sale) {
      keep([sale]);
      if (subject && 'sale' in subject && subject.sale === sale.id) replan();
    },
    refresh: () => void ask(),
    replan,
  };
}

function phaseOf({ code }: Problem): Phase {
  if (NO_SUCH_SALE.has(code)) return 'unknown-sale';
  return code === 'unreachable' ? 'unreachable' : 'refused';
}

/** The wait after so many failures in a row, in ms: never less than the server asked for. `random` is in [0, 1). */
function waitMs(failures: number, askedForMs: number, random: number): number {
  const ownMs = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS) * (0.5 + 0.5 * random);
  return Math.min(Math.max(ownMs, askedForMs * (1 + LATER * random)), LONGEST_DELAY_MS);
}
