/** A purchase that was made elsewhere, by its link. */
import type { ComponentChildren } from 'preact';
import type { Sale } from '../shared/api.ts';
import type { Watched } from './followed.ts';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import { Notice } from './notice.tsx';
import { OrderNumber, Place, Tick } from './outcome.tsx';
import type { Shop } from './shop.ts';
import { lostWords, type Words } from './words.ts';

export function TicketView({ shop }: { shop: Shop }) {
  const watched = shop.followed.value?.watched.value ?? { state: 'opening' };
  if (watched.state === 'opening') return <Notice shop={shop} phase={shop.contact.value === 'lost' ? 'unreachable' : 'opening'} />;
  const { title, text } = wordsOf(watched);
  const product = shop.sale.value?.product.name;
  return (
    <div class="ticket">
      <p class="label">{m.followTitle()}</p>
      {product !== undefined && <h1>{product}</h1>}
      <section class="panel outcome" data-at={watched.state} aria-live="polite">
        <Title level={product === undefined ? 'h1' : 'h2'}>
          {watched.state === 'won' && <Tick />}
          {title}
        </Title>
        {watched.state === 'queued' && <Place ahead={watched.ahead} waitMs={watched.wait_ms} />}
        <p>{text}</p>
        {watched.state === 'won' && <OrderNumber id={watched.order_id} />}
      </section>
      <Next shop={shop} sale={shop.sale.value} />
    </div>
  );
}

/** The verdict is the page's own heading as long as nobody knows what it is about. */
function Title({ level: Level, children }: { level: 'h1' | 'h2'; children: ComponentChildren }) {
  return <Level>{children}</Level>;
}

function wordsOf(watched: Watched): Words {
  switch (watched.state) {
    case 'won':
      return { title: m.followWonTitle(), text: m.followWonText() };
    case 'lost':
      return lostWords(watched.reason);
    case 'unknown':
      return { title: m.followUnknownTitle(), text: m.followUnknownText() };
    case 'opening':
      return { title: m.openingTitle(), text: m.openingText() };
    case 'queued':
      return { title: m.queuedTitle(), text: m.followText() };
  }
}

function Next({ shop, sale }: { shop: Shop; sale: Sale | undefined }) {
  return (
    <p>
      <Link shop={shop} to={sale ? { at: 'sale', sale: sale.id } : { at: 'sales' }}>
        {sale ? m.seeSale() : m.seeSales()}
      </Link>
    </p>
  );
}
