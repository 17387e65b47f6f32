/** The page as a whole: its frame, and the view that the address asks for. */
import { useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ContactChip } from '../shared/contact.tsx';
import { Fallback } from '../shared/fallback.tsx';
import { LanguageSwitch } from '../shared/language-switch.tsx';
import { hasAccount, isGuest } from '../shared/session.ts';
import * as shared from '../shared/messages.gen.ts';
import { AccountView } from './account-view.tsx';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import { OrdersView } from './orders-view.tsx';
import { SaleView } from './sale-view.tsx';
import { turnMs } from './sales.ts';
import { SalesView } from './sales-view.tsx';
import type { Shop } from './shop.ts';
import { TicketView } from './ticket-view.tsx';
import { announcement } from './words.ts';

export function App({ shop }: { shop: Shop }) {
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const view = shop.view.value;
  const key = JSON.stringify(view.at === 'ticket' ? { ...view, sale: undefined } : view);
  useEffect(() => {
    // A new view begins at its top, as a new page would; the first one is one.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [key]);
  return (
    <Fallback>
      <Top shop={shop} />
      <main ref={main} tabIndex={-1} key={key}>
        {view.at !== 'orders' && view.at !== 'account' && <Line shop={shop} />}
        {view.at === 'sales' && <SalesView shop={shop} />}
        {view.at === 'sale' && <SaleView shop={shop} id={view.sale} />}
        {view.at === 'ticket' && <TicketView shop={shop} />}
        {view.at === 'orders' && <OrdersView shop={shop} />}
        {view.at === 'account' && <AccountView shop={shop} />}
      </main>
      <footer>
        <LanguageSwitch />
      </footer>
      <Announcer shop={shop} />
    </Fallback>
  );
}

function Top({ shop }: { shop: Shop }) {
  const { at } = shop.view.value;
  return (
    <header class="top">
      <Link shop={shop} to={{ at: 'sales' }} class="brand">
        {m.shopTitle()}
      </Link>
      <nav>
        <Link shop={shop} to={{ at: 'orders' }} current={at === 'orders'}>
          {m.orders()}
        </Link>
        <Link shop={shop} to={{ at: 'account' }} current={at === 'account'}>
          <Who shop={shop} />
        </Link>
      </nav>
    </header>
  );
}

/** Above what changes by itself: the way back, and how fresh it is. Its room is kept, so that nothing moves when it fills. */
function Line({ shop }: { shop: Shop }) {
  const phase = shop.catalogue.phase.value;
  const isTicket = shop.view.value.at === 'ticket';
  return (
    <div class="line">
      {shop.view.value.at !== 'sales' && (
        <Link shop={shop} to={{ at: 'sales' }} class="up">
          {m.allSales()}
        </Link>
      )}
      {(isTicket || (phase === 'open' || phase === 'unknown-sale')) && <ContactChip contact={shop.contact.value} />}
    </div>
  );
}

function Who({ shop }: { shop: Shop }) {
  const who = shop.session.who.value;
  if (hasAccount(who)) return <>{m.account()}</>;
  return <>{isGuest(who) ? shared.guest() : shared.signIn()}</>;
}

/** Tells milestones to those who listen; everything else on the page changes silently. */
function Announcer({ shop }: { shop: Shop }) {
  const text = useComputed(() => {
    const sale = shop.sale.value;
    const turn = sale && turnMs(sale);
    return announcement(sale, shop.purchase.value, turn === undefined ? Infinity : turn - shop.now.value);
  });
  return (
    <p class="spoken" role="status">
      {text}
    </p>
  );
}
