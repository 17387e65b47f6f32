/** Time, stock, the button and what became of pressing it. */
import { useComputed } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Sale } from '../shared/api.ts';
import { hasAccount } from '../shared/session.ts';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import { Outcome } from './outcome.tsx';
import { isPending, type Purchase } from './purchase.ts';
import { turnMs } from './sales.ts';
import type { Shop } from './shop.ts';
import { buttonWords, SALE_NOTES, stockWords, timeLeft } from './words.ts';

export function BuyPanel({ shop, sale }: { shop: Shop; sale: Sale }) {
  const purchase = shop.purchase.value;
  const button = hasButton(purchase, sale);
  const panel = useRef<HTMLDivElement>(null);
  const held = panel.current?.contains(document.activeElement);
  // The focus that was on what has gone goes to what there is to press, or to the news.
  useLayoutEffect(() => {
    if (held && !panel.current?.contains(document.activeElement)) panel.current?.querySelector<HTMLElement>('.buy:enabled, h2')?.focus();
  });
  return (
    <div ref={panel} class="panel" data-purchase={purchase.at}>
      {button && <Countdown shop={shop} sale={sale} />}
      <Stock sale={sale} />
      {button && <BuyButton shop={shop} sale={sale} pending={isPending(purchase)} />}
      {SETTING_OUT.has(purchase.at) ? <SaleNote shop={shop} sale={sale} /> : <Outcome shop={shop} sale={sale} purchase={purchase} />}
    </div>
  );
}

/** Stages that are over before a sentence about them could be read. */
const SETTING_OUT = new Set<Purchase['at']>(['idle', 'sending']);

/** Whether there is anything to press or to wait for. */
function hasButton(purchase: Purchase, sale: Sale): boolean {
  const mayHaveMore = purchase.owned.length < sale.unit_limit;
  if (purchase.at === 'signed-out') return false;
  if (purchase.at === 'won') return mayHaveMore && sale.state === 'active';
  if (purchase.at !== 'lost') return true;
  // The limit may have been raised since; that can be said only once the orders are known.
  const atLimit = purchase.reason === 'limit-reached' && !(mayHaveMore && purchase.orderId !== undefined);
  return !atLimit && sale.state !== 'sold-out' && turnMs(sale) !== undefined;
}

function SaleNote({ shop, sale }: { shop: Shop; sale: Sale }) {
  const who = shop.session.who.value;
  const mustSignIn = shop.config.value?.guest_sessions === false && who !== 'unknown' && !hasAccount(who);
  if (!mustSignIn || turnMs(sale) === undefined) return <p class="note">{SALE_NOTES[sale.state]()}</p>;
  return (
    <p class="note">
      {m.noteSignIn()}{' '}
      <Link shop={shop} to={{ at: 'account' }}>
        {m.signInTitle()}
      </Link>
    </p>
  );
}

function Countdown({ shop, sale }: { shop: Shop; sale: Sale }) {
  const left = useComputed(() => {
    const one = shop.sale.value;
    const turn = one && turnMs(one);
    return turn === undefined ? '' : timeLeft(turn - shop.now.value);
  });
  const due = useComputed(() => shop.now.value >= Date.parse(shop.sale.value?.starts_at ?? ''));
  if (sale.state === 'sold-out' || turnMs(sale) === undefined) return null;
  const upcoming = sale.state === 'upcoming';
  return (
    <p class="countdown">
      <span class="label">{upcoming ? m.opensIn() : m.endsIn()}</span>
      <span class="time" role="timer">
        {upcoming && due.value ? m.now() : left}
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
        <div class="bar" role="meter" aria-label={m.stockLeft()} aria-valuemin={0} aria-valuemax={sale.stock} aria-valuenow={sale.remaining}>
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
