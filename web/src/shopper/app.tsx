/** The page as a whole: its frame, and what fills it in each phase. */
import { useComputed } from '@preact/signals';
import { Component, type ComponentChildren } from 'preact';
import type { Sale } from '../shared/api.ts';
import { BuyPanel } from './buy-panel.tsx';
import { turnMs } from './sales.ts';
import type { Contact, Phase, Shop } from './shop.ts';
import { announcement, limitWords, localTime, price, SALE_STATES, stockWords, timeZone } from './words.ts';

const CONTACT: Record<Contact, string> = { live: 'Live', asking: 'Updates every few seconds', lost: 'No connection' };

/** What a page without a sale says. */
const NOTICES: Record<Exclude<Phase, 'open'>, { title: string; text: string }> = {
  opening: { title: 'Opening the shop…', text: 'This takes a moment.' },
  unreachable: { title: 'The shop does not answer', text: 'It may be your connection or ours. This page keeps trying.' },
  'unknown-sale': { title: 'No such sale', text: 'The link may be old, or mistyped. Nothing is lost: your orders do not depend on it.' },
  'nothing-on-sale': { title: 'Nothing on sale right now', text: 'As soon as a sale is announced, it appears here.' },
};

export function App({ shop }: { shop: Shop }) {
  const { phase, sale, others, contact } = shop;
  const one = sale.value;
  return (
    <Fallback>
      <header class="top">
        <a class="brand" href="/">
          Firstcome
        </a>
        {phase.value !== 'opening' && phase.value !== 'unreachable' && (
          <span class="contact" data-contact={contact.value}>
            {CONTACT[contact.value]}
          </span>
        )}
      </header>
      <main>
        {one && phase.value === 'open' ? (
          <article class="sale" data-state={one.state}>
            <About sale={one} />
            <BuyPanel shop={shop} sale={one} />
            <Terms sale={one} />
          </article>
        ) : (
          <Notice phase={phase.value} retry={shop.retry} />
        )}
        <Others sales={others.value} title={phase.value === 'nothing-on-sale' ? 'Past sales' : 'Other sales'} />
      </main>
      <Announcer shop={shop} />
    </Fallback>
  );
}

function About({ sale }: { sale: Sale }) {
  return (
    <div class="about">
      <p class="state">{SALE_STATES[sale.state]}</p>
      <h1>{sale.product.name}</h1>
      <p class="price">
        <strong>{price(sale)}</strong> <span>{limitWords(sale.unit_limit)}</span>
      </p>
    </div>
  );
}

function Terms({ sale }: { sale: Sale }) {
  const asOf = Date.parse(sale.server_time);
  return (
    <dl class="terms">
      <dt>{asOf < Date.parse(sale.starts_at) ? 'Opens' : 'Opened'}</dt>
      <dd>
        <time dateTime={sale.starts_at}>{localTime(sale.starts_at)}</time>
      </dd>
      <dt>{sale.state === 'closed' ? 'Planned end' : asOf < Date.parse(sale.ends_at) ? 'Ends' : 'Ended'}</dt>
      <dd>
        <time dateTime={sale.ends_at}>{localTime(sale.ends_at)}</time>
      </dd>
      <dt>Your time zone</dt>
      <dd>{timeZone()}</dd>
    </dl>
  );
}

function Notice({ phase, retry }: { phase: Phase; retry: () => void }) {
  if (phase === 'open') return null;
  const { title, text } = NOTICES[phase];
  return (
    <section class="notice" data-phase={phase}>
      <h1>{title}</h1>
      <p>{text}</p>
      {phase === 'unreachable' && (
        <button type="button" class="quiet" onClick={retry}>
          Try now
        </button>
      )}
      {phase === 'unknown-sale' && <a href="/">See what is on sale</a>}
    </section>
  );
}

function Others({ sales, title }: { sales: readonly Sale[]; title: string }) {
  if (sales.length === 0) return null;
  return (
    <section class="others">
      <h2>{title}</h2>
      <ul>
        {sales.map((sale) => (
          <li key={sale.id}>
            <a href={`?sale=${encodeURIComponent(sale.id)}`}>
              <span class="name">{sale.product.name}</span>
              <span class="cost">{price(sale)}</span>
              <span class="when">{whenWords(sale)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function whenWords(sale: Sale): string {
  if (sale.state === 'upcoming') return `Opens ${localTime(sale.starts_at)}`;
  return sale.state === 'active' ? stockWords(sale) : SALE_STATES[sale.state];
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

/** Instead of a blank page, should the page itself be broken. */
class Fallback extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(error: unknown) {
    console.error(error);
    this.setState({ broken: true });
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <main>
        <section class="notice">
          <h1>This page has a fault</h1>
          <p>What you bought is safe. Please load the page again.</p>
          <a href="">Load again</a>
        </section>
      </main>
    );
  }
}
