/** Time, stock, the button and what became of pressing it. */
import { useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Sale } from '../shared/api.ts';
import { isPending, type Purchase } from './purchase.ts';
import { turnMs } from './sales.ts';
import type { Shop } from './shop.ts';
import { buttonWords, duration, placeWords, purchaseWords, SALE_NOTES, stockWords } from './words.ts';

export function BuyPanel({ shop, sale }: { shop: Shop; sale: Sale }) {
  const purchase = shop.purchase.value;
  const button = hasButton(purchase, sale);
  return (
    <div class="panel" data-purchase={purchase.at}>
      {button && <Countdown shop={shop} sale={sale} />}
      <Stock sale={sale} />
      {button && <BuyButton shop={shop} sale={sale} pending={isPending(purchase)} />}
      {SETTING_OUT.has(purchase.at) ? (
        <p class="note">{SALE_NOTES[sale.state]}</p>
      ) : (
        <Outcome purchase={purchase} alone={!button} cancel={shop.cancel} />
      )}
    </div>
  );
}

/** Stages that are over before a sentence about them could be read. */
const SETTING_OUT = new Set<Purchase['at']>(['idle', 'sending']);

/** Whether there is anything to press or to wait for. */
function hasButton(purchase: Purchase, sale: Sale): boolean {
  const mayHaveMore = purchase.owned.length < sale.unit_limit;
  if (purchase.at === 'won') return mayHaveMore && sale.state === 'active';
  if (purchase.at !== 'lost') return true;
  // The limit may have been raised since; that can be said only once the orders are known.
  const atLimit = purchase.reason === 'limit-reached' && !(mayHaveMore && purchase.orderId !== undefined);
  return !atLimit && sale.state !== 'sold-out' && turnMs(sale) !== undefined;
}

function Countdown({ shop, sale }: { shop: Shop; sale: Sale }) {
  const left = useComputed(() => {
    const one = shop.sale.value;
    const turn = one && turnMs(one);
    return turn === undefined ? '' : duration(turn - shop.now.value);
  });
  const due = useComputed(() => shop.now.value >= Date.parse(shop.sale.value?.starts_at ?? ''));
  if (sale.state === 'sold-out' || turnMs(sale) === undefined) return null;
  const upcoming = sale.state === 'upcoming';
  return (
    <p class="countdown">
      <span class="label">{upcoming ? 'Opens in' : 'Ends in'}</span>
      <span class="time" role="timer">
        {upcoming && due.value ? 'now…' : left}
      </span>
    </p>
  );
}

function Stock({ sale }: { sale: Sale }) {
  const share = sale.stock > 0 ? (100 * sale.remaining) / sale.stock : 0;
  const open = turnMs(sale) !== undefined;
  return (
    <div class="stock">
      <p class="left">{stockWords(sale)}</p>
      {open && (
        <div class="bar" role="meter" aria-label="Stock left" aria-valuemin={0} aria-valuemax={sale.stock} aria-valuenow={sale.remaining}>
          <div style={{ width: `${share}%` }} />
        </div>
      )}
    </div>
  );
}

/**
 * One button from the first look to the end, so that focus never falls off the page while a purchase is under way:
 * pending is `aria-disabled`; only a sale that cannot be bought from makes it `disabled`.
 */
function BuyButton({ shop, sale, pending }: { shop: Shop; sale: Sale; pending: boolean }) {
  const text = useComputed(() => {
    const purchase = shop.purchase.value;
    const waitS = purchase.at === 'waiting' ? Math.ceil((purchase.untilMs - shop.now.value) / 1000) : 0;
    return buttonWords(purchase, shop.sale.value ?? sale, waitS);
  });
  return (
    <button type="button" class="buy" disabled={!pending && sale.state !== 'active'} aria-disabled={pending} onClick={shop.buy}>
      {pending && <span class="busy" aria-hidden="true" />}
      <span>{text}</span>
    </button>
  );
}

/** `alone`: there is no button (any more). */
function Outcome({ purchase, alone, cancel }: { purchase: Purchase; alone: boolean; cancel: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const wasAlone = useRef(alone);
  useEffect(() => {
    // The focus that was on the button goes to the news that took its place.
    if (alone && !wasAlone.current && document.activeElement === document.body) heading.current?.focus();
    wasAlone.current = alone;
  }, [alone]);

  const words = purchaseWords(purchase);
  if (!words) return null;
  return (
    <section class="outcome" data-at={purchase.at}>
      <h2 ref={heading} tabIndex={-1}>
        {purchase.at === 'won' && <Tick />}
        {words.title}
      </h2>
      {purchase.at === 'queued' && <Place ahead={purchase.ahead} waitMs={purchase.waitMs} />}
      <p>{words.text}</p>
      {'orderId' in purchase && <OrderNumber id={purchase.orderId} />}
      {purchase.at === 'failed' && purchase.requestId && <p class="reference">Reference {purchase.requestId}</p>}
      {purchase.at === 'waiting' && (
        <button type="button" class="quiet" onClick={cancel}>
          Stop trying
        </button>
      )}
    </section>
  );
}

function Tick() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M5 12.5l4.5 4.5L19 7.5" />
    </svg>
  );
}

function Place({ ahead, waitMs }: { ahead: number; waitMs: number }) {
  const words = placeWords(ahead, waitMs);
  return (
    <p class="place">
      <strong>{words.ahead}</strong> <span>{words.wait}</span>
    </p>
  );
}

function OrderNumber({ id }: { id: string }) {
  return (
    <p class="order">
      <span class="label">Order number</span>
      <code>{id}</code>
    </p>
  );
}
