/** The shopper page's store: which sale is shown, what is known of it, and how news arrive. */
import { batch, computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import { shopperApi, type Api, type Sale, type SaleNews } from '../shared/api.ts';
import { createClient } from '../shared/client.ts';
import { createClock } from '../shared/clock.ts';
import { openSession } from '../shared/session.ts';
import { browserStorage } from '../shared/storage.ts';
import { liveAddress, openLive, type Live, type LiveMessage } from '../shared/live.ts';
import { openBuying, type Buying } from './buying.ts';
import { openKeep } from './keep.ts';
import { isPending } from './purchase.ts';
import { featured, nextAskMs, refreshed } from './sales.ts';

/** How often the countdown moves, in ms. */
const BEAT_MS = 250;
/** How often the list of sales is asked for, in ms. */
const LIST_EVERY_MS = 30_000;
/** The longest wait between tries to open the page, in ms; it doubles up to here. */
const LONGEST_WAIT_MS = 10_000;
/** Past sales shown when there is nothing else to show. */
const PAST_SALES = 10;

/** What the page as a whole can show. */
export type Phase = 'opening' | 'open' | 'unreachable' | 'unknown-sale' | 'nothing-on-sale';
/** How news arrive: pushed, asked for every few seconds, or not at all. */
export type Contact = 'live' | 'asking' | 'lost';

export interface Shop extends Pick<Buying, 'purchase' | 'buy' | 'cancel'> {
  phase: ReadonlySignal<Phase>;
  /** The sale shown large. */
  sale: ReadonlySignal<Sale | undefined>;
  others: ReadonlySignal<readonly Sale[]>;
  contact: ReadonlySignal<Contact>;
  /** The server's time in ms, a few times a second. */
  now: ReadonlySignal<number>;
  /** Opens the page now instead of after the wait. */
  retry(): void;
}

/** Opens the shop; `named` is the sale that the address names, if it names one. */
export function openShop(named: string | null): Shop {
  const clock = createClock(() => performance.now(), Date.now());
  const call = createClient(clock.hear);
  const api = shopperApi(call);
  const session = openSession(call, browserStorage());

  const phase = signal<Phase>('opening');
  const sales = signal<readonly Sale[]>([]);
  const shown = signal(named);
  const sale = computed(() => sales.value.find((one) => one.id === shown.value));
  const others = computed(() => sales.value.filter((one) => one.id !== shown.value));
  const socketUp = signal(false);
  const answered = signal(true);
  const contact = computed<Contact>(() => (socketUp.value ? 'live' : answered.value ? 'asking' : 'lost'));
  const now = signal(clock.now());

  let live: Live | undefined;
  let heardOfTicketAt = -Infinity;
  const buying = openBuying({
    api,
    session,
    clock,
    keep: openKeep(browserStorage()),
    watch(ticket) {
      heardOfTicketAt = performance.now();
      live?.watch(ticket);
    },
    forget: (ticket) => live?.forget(ticket),
    silentForMs: () => (socketUp.peek() ? performance.now() - heardOfTicketAt : Infinity),
    reached: (someone) => (answered.value = someone),
  });

  let tries = 0;
  let again: ReturnType<typeof setTimeout> | undefined;
  let nextAsk: ReturnType<typeof setTimeout> | undefined;
  let askListAtMs = Infinity;

  async function open() {
    clearTimeout(again);
    const found = await ask(api, shown.peek());
    if (found) {
      tries = 0;
      return show(found);
    }
    phase.value = 'unreachable';
    tries += 1;
    again = setTimeout(open, Math.min(1000 * 2 ** tries, LONGEST_WAIT_MS) * (0.5 + 0.5 * Math.random()));
  }

  /** Takes in a list. The first sale ever shown is the one that this page stays with. */
  function show(found: readonly Sale[]) {
    const known = sales.peek();
    const one = shown.peek() === null ? featured(found) : found.find(({ id }) => id === shown.peek());
    batch(() => {
      sales.value = found.map((news) => refreshed(known.find(({ id }) => id === news.id) ?? news, news));
      if (one) shown.value = one.id;
      phase.value = one ? 'open' : shown.peek() === null ? 'nothing-on-sale' : 'unknown-sale';
      now.value = clock.now();
    });
    askListAtMs = clock.now() + LIST_EVERY_MS;
    live?.follow(found.map(({ id }) => id));
    void connect();
    if (!one) return;
    planNextAsk(one);
    buying.recall(one.id);
  }

  /** A timer of its own, not the beat: at the opening, a quarter of a second counts. */
  function planNextAsk(one = sale.peek()) {
    clearTimeout(nextAsk);
    if (!one) return;
    const atMs = nextAskMs(one, clock.now(), socketUp.peek(), Math.random());
    nextAsk = setTimeout(() => wanted() && void refresh(), atMs - clock.now());
  }

  /** Whether anybody would see an answer. Otherwise the page asks when somebody looks again. */
  const wanted = () => !document.hidden || isPending(buying.purchase.peek());

  function takeIn(news: SaleNews) {
    sales.value = sales.peek().map((one) => refreshed(one, news));
    if (news.id === shown.peek()) planNextAsk();
  }

  async function refresh(id = sale.peek()?.id) {
    if (id === undefined) return;
    clearTimeout(nextAsk);
    const answer = await api.sale(id);
    answered.value = answer.ok || answer.problem.code !== 'unreachable';
    if (answer.ok) takeIn(answer.body);
    planNextAsk();
  }

  async function refreshList() {
    askListAtMs = clock.now() + LIST_EVERY_MS;
    const found = await ask(api, shown.peek());
    if (found) show(found);
  }

  function beat() {
    now.value = clock.now();
    if (wanted() && now.peek() >= askListAtMs) void refreshList();
  }

  let connecting = false;
  async function connect() {
    if (live || connecting) return;
    connecting = true;
    const config = await api.config();
    connecting = false;
    if (!config.ok || !config.body.live_url) return;
    const { live_url } = config.body;
    const turned = (up: boolean) => {
      socketUp.value = up;
      planNextAsk();
    };
    live = openLive({ dial: (protocol) => new WebSocket(liveAddress(live_url, location.href), protocol), hear, turned, random: Math.random });
    live.follow(sales.peek().map(({ id }) => id));
    const purchase = buying.purchase.peek();
    if (purchase.at === 'queued') live.watch(purchase.ticket);
  }

  function hear(message: Exclude<LiveMessage, { type: 'bye' }>) {
    switch (message.type) {
      case 'hello':
        return clock.hear(message.server_time);
      case 'sale':
        clock.hear(message.server_time);
        return takeIn(message);
      case 'ticket':
        heardOfTicketAt = performance.now();
        return buying.ruled(message.ticket, message);
      case 'refused':
        // The HTTP API is asked instead; it decides.
        heardOfTicketAt = -Infinity;
    }
  }

  /** The network or the shopper is back. */
  function back() {
    if (document.hidden) return;
    live?.hurry();
    void (phase.peek() === 'unreachable' ? open() : refresh());
  }

  // A purchase was lost: what was known of the sale is out of date.
  effect(() => {
    if (buying.purchase.value.at === 'lost') void untracked(() => refresh());
  });
  setInterval(beat, BEAT_MS);
  addEventListener('online', back);
  document.addEventListener('visibilitychange', back);
  void open();

  const { purchase, buy, cancel } = buying;
  return { phase, sale, others, contact, now, purchase, buy, cancel, retry: () => void open() };
}

/**
 * The active and upcoming sales and the wanted one, which may be neither; past ones when that is nothing.
 * Undefined when the shop does not answer. A wanted sale that does not exist is not in the list.
 */
async function ask(api: Api, wanted: string | null): Promise<Sale[] | undefined> {
  const [active, upcoming, one] = await Promise.all([
    api.sales('active'),
    api.sales('upcoming'),
    wanted === null ? undefined : api.sale(wanted),
  ]);
  if (!active.ok || !upcoming.ok) return undefined;
  if (one && !one.ok && !NO_SUCH_SALE.has(one.problem.code)) return undefined;
  const listed = [...active.body.sales, ...upcoming.body.sales];
  if (one?.ok) return [one.body, ...listed.filter(({ id }) => id !== one.body.id)];
  if (listed.length > 0) return listed;
  const ended = await api.sales('ended');
  return ended.ok ? ended.body.sales.slice(0, PAST_SALES) : undefined;
}

const NO_SUCH_SALE = new Set(['not-found', 'unknown-sale', 'bad-request', 'invalid']);
