/** What is known of sales, and the questions that keep it fresh. One thing is shown at a time: the list, or one sale. */
import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { Api, Sale } from '../shared/api.ts';
import type { Clock } from '../shared/clock.ts';
import { nextAskMs, refreshed } from './sales.ts';

/** How often the list is asked for while the socket tells what changes, and while it does not, in ms. */
const LIST_CALM_MS = 30_000;
const LIST_ALONE_MS = 8_000;
/** The longest wait between tries to show anything at all, in ms; it doubles up to here. */
const LONGEST_WAIT_MS = 10_000;
/** Past sales in the list. */
const PAST_SALES = 10;

const NO_SUCH_SALE = new Set(['not-found', 'unknown-sale', 'bad-request', 'invalid']);

/** What can be shown of the subject. */
export type Phase = 'opening' | 'open' | 'unreachable' | 'unknown-sale';
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
    if (phase.peek() !== 'open') return plan(Math.min(1000 * 2 ** failures, LONGEST_WAIT_MS) * (0.5 + 0.5 * Math.random()));
    const sale = 'sale' in subject ? sales.peek().get(subject.sale) : undefined;
    const nowMs = clock.now();
    plan(sale ? nextAskMs(sale, nowMs, live(), Math.random()) - nowMs : (live() ? LIST_CALM_MS : LIST_ALONE_MS) * (0.8 + 0.4 * Math.random()));
  }

  async function ask() {
    clearTimeout(timer);
    const asked = subject;
    if (!asked) return;
    const found = await ('sale' in asked ? askSale(asked.sale) : askList());
    reached(found !== 'unreachable');
    // The answer is kept in any case, but what is shown is something else by now.
    if (asked !== subject) return;
    failures = found === 'unreachable' ? failures + 1 : 0;
    // What was shown once stays, for the chip says that it is no longer fresh.
    if (found !== 'unreachable' || phase.peek() !== 'open') phase.value = found;
    if (found === 'open') tellShown();
    replan();
  }

  async function askSale(id: string): Promise<Phase> {
    const answer = await api.sale(id);
    if (answer.ok) keep([answer.body]);
    else return NO_SUCH_SALE.has(answer.problem.code) ? 'unknown-sale' : 'unreachable';
    return 'open';
  }

  async function askList(): Promise<Phase> {
    const answers = await Promise.all([api.sales('active'), api.sales('upcoming'), api.sales('ended')]);
    const lists = answers.map((answer) => (answer.ok ? answer.body.sales : undefined));
    const [active, upcoming, ended] = lists;
    if (!active || !upcoming || !ended) return 'unreachable';
    const all = [...active, ...upcoming, ...ended.slice(0, PAST_SALES)];
    batch(() => {
      keep(all);
      listed.value = all.map(({ id }) => id);
    });
    return 'open';
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
