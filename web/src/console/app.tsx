/** The console as a whole: who may enter, the frame, and the view that the address names. */
import { useEffect, useRef } from 'preact/hooks';
import { Dialog } from '../shared/dialog.tsx';
import { LanguageSwitch } from '../shared/language-switch.tsx';
import { signOut, tryNow, guest, problemUnreachable } from '../shared/messages.gen.ts';
import { SignInForm } from '../shared/sign-in.tsx';
import { AuditView } from './audit.tsx';
import type { Desk } from './desk.ts';
import * as m from './messages.gen.ts';
import { NewSaleForm } from './new-sale.tsx';
import { Partitions } from './partitions.tsx';
import { NewProductForm, Products } from './products.tsx';
import { address, type Route } from './route.ts';
import { Runbook } from './runbook.tsx';
import { SaleView } from './sale-view.tsx';
import { SalesList } from './sales-list.tsx';
import { Tickets } from './tickets.tsx';

const NAVIGATION: { to: Route; name: () => string; views: Route['view'][] }[] = [
  { to: { view: 'sales' }, name: m.navSales, views: ['sales', 'new-sale', 'sale'] },
  { to: { view: 'products' }, name: m.navProducts, views: ['products', 'new-product'] },
  { to: { view: 'tickets' }, name: m.navTickets, views: ['tickets'] },
  { to: { view: 'audit' }, name: m.navAudit, views: ['audit'] },
  { to: { view: 'partitions' }, name: m.navPartitions, views: ['partitions', 'runbook'] },
];

export function App({ desk }: { desk: Desk }) {
  const isOpen = desk.gate.value === 'open';
  return (
    <>
      <a class="skip" href="#content" onClick={focusContent}>
        {m.skip()}
      </a>
      <header class="top">
        <a class="brand" href={address({ view: 'sales' })}>
          Firstcome <span>{m.consoleWord()}</span>
        </a>
        {isOpen && <Navigation view={desk.route.value.view} />}
        <span class="row tools">
          {isOpen && <Account desk={desk} />}
          <LanguageSwitch />
        </span>
      </header>
      <main id="content">
        {isOpen && (
          <p class="told" role="status">
            {desk.told.value}
          </p>
        )}
        {isOpen ? <View desk={desk} /> : <Gate desk={desk} />}
      </main>
      {desk.isInterrupted.value && <Interrupted desk={desk} />}
    </>
  );
}

/** Not by the address, which names the view. */
function focusContent(event: Event) {
  event.preventDefault();
  document.querySelector<HTMLElement>('main h1')?.focus();
}

function Navigation({ view }: { view: Route['view'] }) {
  return (
    <nav class="views" aria-label={m.navLabel()}>
      {NAVIGATION.map(({ to, name, views }) => (
        <a key={to.view} href={address(to)} aria-current={views.includes(view) ? 'page' : undefined}>
          {name()}
        </a>
      ))}
    </nav>
  );
}

function Account({ desk }: { desk: Desk }) {
  return (
    <span class="account">
      <span class="spoken">{m.signedInAs({ who: nameOf(desk) })}</span>
      <span class="who" aria-hidden="true">
        {nameOf(desk)}
      </span>
      <button type="button" class="link" onClick={() => void desk.leave()}>
        {signOut()}
      </button>
    </span>
  );
}

function nameOf(desk: Desk): string {
  const who = desk.session.who.value;
  return typeof who === 'object' ? (who.email ?? guest()) : '';
}

function View({ desk }: { desk: Desk }) {
  const route = desk.route.value;
  const where = address(route);
  const isFirst = useRef(true);
  useEffect(() => {
    // After a step to another view the reader stands at its title, as after loading a page.
    if (!isFirst.current) document.querySelector<HTMLElement>('main h1')?.focus();
    isFirst.current = false;
  }, [where]);
  switch (route.view) {
    case 'sales':
      return <SalesList desk={desk} />;
    case 'new-sale':
      return <NewSaleForm desk={desk} product={route.product} />;
    case 'products':
      return <Products desk={desk} />;
    case 'new-product':
      return <NewProductForm desk={desk} />;
    case 'sale':
      return <SaleView key={route.sale} desk={desk} sale={route.sale} part={route.part} />;
    case 'tickets':
      return <Tickets desk={desk} ticket={route.ticket} />;
    case 'audit':
      return <AuditView desk={desk} />;
    case 'partitions':
      return <Partitions desk={desk} />;
    case 'runbook':
      return <Runbook name={route.name} />;
    case 'nowhere':
      return <Nowhere />;
  }
}

function Nowhere() {
  return (
    <section class="notice">
      <h1 tabIndex={-1}>{m.nowhereTitle()}</h1>
      <p>{m.nowhereText()}</p>
      <a href={address({ view: 'sales' })}>{m.toSales()}</a>
    </section>
  );
}

/** What stands before the desk. */
function Gate({ desk }: { desk: Desk }) {
  switch (desk.gate.value) {
    case 'opening':
    case 'open':
      return <p class="notice">{m.opening()}</p>;
    case 'unreachable':
      return (
        <section class="notice">
          <h1>{m.unreachableTitle()}</h1>
          <p>{problemUnreachable()}</p>
          <button type="button" class="main" onClick={() => void desk.retry()}>
            {tryNow()}
          </button>
        </section>
      );
    case 'sign-in':
    case 'not-operator': {
      const isShopper = desk.gate.value === 'not-operator';
      return (
        <section class="gate">
          <h1>{isShopper ? m.notOperatorTitle() : m.gateTitle()}</h1>
          <p>{isShopper ? m.notOperatorText({ who: nameOf(desk) }) : m.gateText()}</p>
          <SignInForm session={desk.session} register={false} done={() => {}}>
            <a href="/">{m.toShop()}</a>
          </SignInForm>
        </section>
      );
    }
  }
}

/** The session has ended mid-way: sign in in front of what was being done. */
function Interrupted({ desk }: { desk: Desk }) {
  const isShopper = typeof desk.session.who.value === 'object';
  return (
    <Dialog title={m.endedTitle()} dismissed={() => {}}>
      <p class="dialog-text">{isShopper ? m.endedNotOperator() : m.endedText()}</p>
      <SignInForm session={desk.session} register={false} done={() => {}}>
        <button type="button" class="quiet" onClick={() => void desk.leave()}>
          {signOut()}
        </button>
      </SignInForm>
    </Dialog>
  );
}
