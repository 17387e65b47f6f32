/** The shop's store: which view the address asks for, who is here, and how news reach what is shown. */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import { shopperApi, type Answer, type Config, type Sale } from '../shared/api.ts';
import { createClient } from '../shared/client.ts';
import { createClock } from '../shared/clock.ts';
import type { Contact } from '../shared/contact.tsx';
import { hasAccount, openSession, type Session } from '../shared/session.ts';
import { createSleepWatch, type Reading } from '../shared/sleep.ts';
import { browserStorage } from '../shared/storage.ts';
import { addressOf, viewOf, type View } from './address.ts';
import { openCatalogue, type Catalogue } from './catalogue.ts';
import { openFollowed, type Followed } from './followed.ts';
import { openKeep } from './keep.ts';
import { openMyOrders, type MyOrders } from './my-orders.ts';
import { openNews } from './news.ts';
import { notify } from './notify.ts';
import type { Purchase } from './purchase.ts';
import { openPurchases, type Shown } from './purchases.ts';
import { purchaseWords } from './words.ts';

/** How often the countdown moves, in ms. */
const BEAT_MS = 250;

export interface Shop {
  view: ReadonlySignal<View>;
  /** Shows something else, as a link does. */
  go(view: View): void;
  session: Session;
  signOut(): Promise<Answer<unknown>>;
  /** Undefined until the server has told it. */
  config: ReadonlySignal<Config | undefined>;
  catalogue: Catalogue;
  /** The sale in view. */
  sale: ReadonlySignal<Sale | undefined>;
  /** The purchase of the sale in view. */
  purchase: ReadonlySignal<Purchase>;
  buy(): void;
  cancel(): void;
  followed: ReadonlySignal<Followed | undefined>;
  /** Asks now for what is shown. */
  refresh(): void;
  orders: MyOrders;
  contact: ReadonlySignal<Contact>;
  /** The server's time in ms, a few times a second. */
  now: ReadonlySignal<number>;
}

export function openShop(): Shop {
  const clock = createClock(() => performance.now(), Date.now());
  const now = signal(clock.now());
  const storage = browserStorage();
  const call = createClient(hearTime);
  const api = shopperApi(call);
  const session = openSession(call, storage);
  const view = signal(viewOf(location.search));
  const config = signal<Config | undefined>(undefined);
  const followed = signal<Followed | undefined>(undefined);

  const news = openNews({
    time: hearTime,
    sale: (sale) => catalogue.takeIn(sale),
    turned: () => catalogue.replan(),
    ruled(ticket, ruling) {
      purchases.ruled(ticket, ruling);
      followed.peek()?.ruled(ticket, ruling);
    },
  });
  const { watch, forget, silentForMs, reached } = news;
  const purchases = openPurchases({ api, session, clock, keep: openKeep(storage), watch, forget, silentForMs, reached, ended }, forgotten);
  const wanted = () => !document.hidden || purchases.anyPending();
  const catalogue = openCatalogue({ api, clock, live: news.isLive, wanted, reached, shown });
  const orders = openMyOrders(api, session.ended);

  const subject = computed(() => (view.value.at === 'sale' || view.value.at === 'ticket' ? view.value.sale : undefined));
  const sale = computed(() => catalogue.sales.value.get(subject.value ?? ''));
  const buying = signal<Shown>(purchases.of(undefined));

  function hearTime(serverTime: unknown) {
    clock.hear(serverTime);
    // At once: until the first answer the countdown goes by the shopper's own clock, which may be wrong by an hour.
    now.value = clock.now();
  }

  /** A verdict that was waited for. */
  function ended(purchase: Purchase) {
    const words = purchaseWords(purchase);
    if (words) notify(words.title, words.text);
    // What was known of the sale is out of date.
    if (purchase.at === 'lost') catalogue.refresh();
  }

  function forgotten() {
    orders.forget();
    showPurchase();
  }

  function showPurchase() {
    const asked = view.peek();
    buying.value = purchases.of(asked.at === 'sale' ? asked.sale : undefined);
  }

  function shown(ids: readonly string[]) {
    news.follow(ids);
    settleIn();
  }

  /** After the first answer, for then there is time for what is not needed at first sight. */
  function settleIn() {
    void configure();
    if (session.who.peek() === 'unknown') void session.learn();
  }

  let configuring = false;
  async function configure() {
    if (config.peek() || configuring) return;
    configuring = true;
    const answer = await api.config();
    configuring = false;
    if (!answer.ok) return;
    config.value = answer.body;
    if (answer.body.live_url) news.connect(answer.body.live_url);
  }

  function openTicket(ticket: string | undefined) {
    const before = followed.peek();
    before?.close();
    if (before) forget(before.ticket);
    followed.value = ticket === undefined ? undefined : openFollowed(ticket, { ask: api.ticket, silentForMs: () => silentForMs(ticket), reached, pause });
    if (ticket !== undefined) watch(ticket);
  }

  /** Shows what the address asks for. */
  function turnTo(next: View) {
    view.value = next;
    openTicket(next.at === 'ticket' ? next.ticket : undefined);
    const about = subject.peek();
    catalogue.show(next.at === 'sales' ? { list: true } : about === undefined ? undefined : { sale: about });
    showPurchase();
    if (next.at !== 'sales' && next.at !== 'sale') settleIn();
  }

  function refresh() {
    followed.peek()?.again();
    catalogue.refresh();
  }

  /** The network or the shopper is back. */
  function back() {
    if (document.hidden) return;
    news.hurry();
    refresh();
    settleIn();
    // Another tab may have signed in meanwhile.
    if (!hasAccount(session.who.peek()) && session.hadAccount()) void session.learn();
  }

  function awake() {
    news.distrust();
    back();
  }

  // Purchases that this browser keeps are those of who is signed in.
  effect(() => {
    const who = session.who.value;
    if (hasAccount(who)) untracked(() => purchases.belongTo(who.shopper_id));
  });
  // A ticket may tell which sale it is about only when it is decided.
  effect(() => {
    const watched = followed.value?.watched.value;
    const about = watched && 'sale_id' in watched ? watched.sale_id : undefined;
    const asked = view.peek();
    if (about === undefined || asked.at !== 'ticket' || asked.sale !== undefined) return;
    untracked(() => {
      view.value = { ...asked, sale: about };
      catalogue.show({ sale: about });
    });
  });
  const slept = createSleepWatch(BEAT_MS, reading());
  setInterval(() => {
    now.value = clock.now();
    if (slept(reading())) awake();
  }, BEAT_MS);
  addEventListener('online', back);
  addEventListener('offline', news.distrust);
  addEventListener('popstate', () => turnTo(viewOf(location.search)));
  document.addEventListener('visibilitychange', back);
  turnTo(view.peek());

  return {
    ...{ view, session, config, catalogue, sale, followed, orders, now, refresh },
    contact: news.contact,
    purchase: computed(() => buying.value.purchase.value),
    buy: () => buying.peek().buy(),
    cancel: () => buying.peek().cancel(),
    go(next) {
      history.pushState(null, '', addressOf(next));
      turnTo(next);
      // Back and forward are where they were.
      scrollTo(0, 0);
    },
    async signOut() {
      const answer = await session.signOut();
      if (answer.ok) purchases.belongTo(undefined);
      return answer;
    },
  };
}

const reading = (): Reading => ({ wallMs: Date.now(), pageMs: performance.now(), hidden: document.hidden });

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
