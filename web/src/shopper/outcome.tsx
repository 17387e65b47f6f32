/** What became of a purchase, and what can be done next. */
import type { Sale } from '../shared/api.ts';
import * as shared from '../shared/messages.gen.ts';
import { SignInForm } from '../shared/sign-in.tsx';
import { browserStorage } from '../shared/storage.ts';
import { Elsewhere, Notify } from './elsewhere.tsx';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import type { Purchase } from './purchase.ts';
import { turnMs } from './sales.ts';
import type { Shop } from './shop.ts';
import { placeWords, purchaseWords } from './words.ts';

export interface OutcomeProps {
  shop: Shop;
  sale: Sale;
  purchase: Purchase;
}

export function Outcome({ shop, sale, purchase }: OutcomeProps) {
  const words = purchaseWords(purchase);
  if (!words) return null;
  const keepsNothing = purchase.at === 'queued' && browserStorage() === undefined;
  return (
    <section class="outcome" data-at={purchase.at}>
      <h2 tabIndex={-1}>
        {purchase.at === 'won' && <Tick />}
        {words.title}
      </h2>
      {purchase.at === 'queued' && <Place ahead={purchase.ahead} waitMs={purchase.waitMs} />}
      <p>{keepsNothing ? m.queuedNoStorage() : words.text}</p>
      {'orderId' in purchase && <OrderNumber id={purchase.orderId} />}
      {purchase.at === 'failed' && purchase.requestId && <p class="reference">{m.reference({ id: purchase.requestId })}</p>}
      <Next shop={shop} sale={sale} purchase={purchase} />
    </section>
  );
}

/** What can be done now, besides pressing the button. */
function Next({ shop, sale, purchase }: { shop: Shop; sale: Sale; purchase: Purchase }) {
  switch (purchase.at) {
    case 'waiting':
    case 'checking':
      return (
        <button type="button" class="quiet" onClick={shop.cancel}>
          {m.stopTrying()}
        </button>
      );
    case 'signed-out':
      return (
        <SignInForm session={shop.session} register={purchase.why === 'needed'} done={() => {}}>
          <button type="button" class="quiet" onClick={shop.cancel}>
            {shared.cancel()}
          </button>
        </SignInForm>
      );
    case 'queued':
      return (
        <>
          <Notify />
          <Elsewhere sale={sale.id} ticket={purchase.ticket} />
        </>
      );
    case 'won':
    case 'cancelled':
      return <To shop={shop} at="orders" />;
    case 'lost':
      if (purchase.reason === 'limit-reached') return <To shop={shop} at="orders" />;
      return sale.state === 'sold-out' || turnMs(sale) === undefined ? <To shop={shop} at="sales" /> : null;
    default:
      return null;
  }
}

function To({ shop, at }: { shop: Shop; at: 'orders' | 'sales' }) {
  return (
    <p>
      <Link shop={shop} to={{ at }}>
        {at === 'orders' ? m.seeOrders() : m.seeSales()}
      </Link>
    </p>
  );
}

export function Tick() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M5 12.5l4.5 4.5L19 7.5" />
    </svg>
  );
}

export function Place({ ahead, waitMs }: { ahead: number; waitMs: number }) {
  const words = placeWords(ahead, waitMs);
  return (
    <p class="place">
      <strong>{words.ahead}</strong> <span>{words.wait}</span>
    </p>
  );
}

export function OrderNumber({ id }: { id: string }) {
  return (
    <p class="order">
      <span class="label">{m.orderNumber()}</span>
      <code>{id}</code>
    </p>
  );
}
