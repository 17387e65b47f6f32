/** The shop's store: which view the address asks for, who is here, and how news reach what is shown. */
import { batch, computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import { shopperApi, type Answer, type Config, type Sale } from '../shared/api.ts';
import { createClient } from '../shared/client.ts';
import { createClock } from '../shared/clock.ts';
import type { Contact } from '../shared/contact.tsx';
import { liveAddress, openLive, type Live, type LiveMessage } from '../shared/live.ts';
import { hasAccount, openSession, type Session } from '../shared/session.ts';
import { browserStorage } from '../shared/storage.ts';
import { addressOf, viewOf, type View } from './address.ts';
import { openCatalogue, type Catalogue } from './catalogue.ts';
import { openFollowed, type Followed } from './followed.ts';
import { openKeep } from './keep.ts';
import { openMyOrders, type MyOrders } from './my-orders.ts';
import { notify } from './notify.ts';
import type { Purchase } from './purchase.ts';
import { openPurchases, type Purchases, type Shown } from './purchases.ts';
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
  orders: MyOrders;
  contact: ReadonlySignal<Contact>;
  /** The server's time in ms, a few times a second. */
  now: ReadonlySignal<number>;
}

export function openShop(): Shop {
  const clock = createClock(() => performance.now(), Date.now());
  const storage = browserStorage();
  const now = signal(clock.now());
  const call = createClient(hearTime);
  const api = shopperApi(call);
  const session = openSession(call, storage);

  const view = signal(viewOf(location.search));
  const config = signal<Config | undefined>(undefined);
  const socketUp = signal(false);
  const answered = signal(true);
  const contact = computed<Contact>(() => (socketUp.value ? 'live' : answered.value ? 'asking' : 'lost'));
  const followed = signal<Followed | undefined>(undefined);

  let live: Live | undefined;
  let shownSales: readonly string[] = [];
  const reached = (someone: boolean) => void (answered.value = someone);

  function hearTime(serverTime: unknown) {
    clock.hear(serverTime);
    // At once: until the first answer the countdown goes by the shopper's own clock, which may be wrong by an hour.
    now.value = clock.now();
  }

  /** When the socket last said something of a ticket. */
  const heardAt = new Map<string, number>();
  const tickets = {
    watch(ticket: string) {
      heardAt.set(ticket, performance.now());
      live?.watch(ticket);
    },
    forget(ticket: string) {
      heardAt.delete(ticket);
      live?.forget(ticket);
    },
    silentForMs: (ticket: string) => (socketUp.peek() ? performance.now() - (heardAt.get(ticket) ?? -Infinity) : Infinity),
  };

  const purchases: Purchases = openPurchases({
    ...{ api, session, clock, ...tickets, reached },
    keep: openKeep(storage),
    ended(purchase) {
      const words = purchaseWords(purchase);
      if (words) notify(words.title, words.text);
      // What was known of the sale is out of date.
      if (purchase.at === 'lost') catalogue.refresh();
    },
  }, showPurchase);
  const wanted = () => !document.hidden || purchases.anyPending();
  const catalogue = openCatalogue({ api, clock, wanted, reached, live: () => socketUp.peek(), shown });
  const orders = openMyOrders(api, session.ended);

  const subject = computed(() => (view.value.at === 'sale' || view.value.at === 'ticket' ? view.value.sale : undefined));
  const sale = computed(() => catalogue.sales.value.get(subject.value ?? ''));
  const buying = signal<Shown>(purchases.of(undefined));

  function showPurchase() {
    const asked = view.peek();
    buying.value = purchases.of(asked.at === 'sale' ? asked.sale : undefined);
  }

  function shown(ids: readonly string[]) {
    shownSales = ids;
    live?.follow(ids);
    // The first answer has come: now there is time for everything that is not needed at first sight.
    settleIn();
  }

  function settleIn() {
    void connect();
    if (session.who.peek() === 'unknown') void session.learn();
  }

  let connecting = false;
  async function connect() {
    if (live || connecting) return;
    connecting = true;
    const answer = await api.config();
    connecting = false;
    if (!answer.ok) return;
    config.value = answer.body;
    const { live_url } = answer.body;
    if (!live_url) return;
    live = openLive({ dial: (protocol) => new WebSocket(liveAddress(live_url, location.href), protocol), hear, turned, random: Math.random });
    live.follow(shownSales);
    for (const ticket of heardAt.keys()) live.watch(ticket);
  }

  function turned(up: boolean) {
    socketUp.value = up;
    catalogue.replan();
  }

  function hear(message: Exclude<LiveMessage, { type: 'bye' }>) {
    switch (message.type) {
      case 'hello':
        return hearTime(message.server_time);
      case 'sale': {
        const { type: _, ...news } = message;
        hearTime(news.server_time);
        return catalogue.takeIn(news);
      }
      case 'ticket':
        heardAt.set(message.ticket, performance.now());
        purchases.ruled(message.ticket, message);
        return followed.peek()?.ruled(message.ticket, message);
      case 'refused':
        // The HTTP API is asked instead; it decides.
        heardAt.set(message.what, -Infinity);
    }
  }

  /** Shows what the address asks for. */
  function open() {
    const asked = view.peek();
    const before = followed.peek();
    before?.close();
    if (before) tickets.forget(before.ticket);
    followed.value = asked.at === 'ticket' ? openFollowed(asked.ticket, { ask: api.ticket, silentForMs: () => tickets.silentForMs(asked.ticket), reached, pause }) : undefined;
    if (asked.at === 'ticket') tickets.watch(asked.ticket);
    catalogue.show(asked.at === 'sales' ? { list: true } : subject.peek() === undefined ? undefined : { sale: subject.peek() ?? '' });
    showPurchase();
    if (asked.at === 'orders' || asked.at === 'account' || asked.at === 'ticket') settleIn();
  }

  function turnTo(next: View) {
    view.value = next;
    open();
  }

  /** The network or the shopper is back. */
  function back() {
    if (document.hidden) return;
    live?.hurry();
    catalogue.refresh();
    settleIn();
    // Another tab may have signed in meanwhile.
    if (!hasAccount(session.who.peek()) && session.hadAccount()) void session.learn();
  }

  // Purchases that this browser keeps are those of who is signed in.
  effect(() => {
    const who = session.who.value;
    untracked(() => {
      if (!hasAccount(who)) return;
      purchases.belongTo(who.shopper_id);
      orders.forget();
    });
  });
  // A ticket may tell which sale it is about only when it is decided.
  effect(() => {
    const watched = followed.value?.watched.value;
    const about = watched && 'sale_id' in watched ? watched.sale_id : undefined;
    untracked(() => {
      const asked = view.peek();
      if (about === undefined || asked.at !== 'ticket' || asked.sale !== undefined) return;
      view.value = { ...asked, sale: about };
      catalogue.show({ sale: about });
    });
  });
  setInterval(() => void (now.value = clock.now()), BEAT_MS);
  addEventListener('online', back);
  addEventListener('popstate', () => turnTo(viewOf(location.search)));
  document.addEventListener('visibilitychange', back);
  open();

  return {
    ...{ view, session, config, catalogue, sale, followed, orders, contact, now },
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
      if (answer.ok) {
        batch(() => {
          purchases.belongTo(undefined);
          orders.forget();
        });
      }
      return answer;
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

