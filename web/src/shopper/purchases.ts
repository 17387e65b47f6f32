/** The purchases of this page, one per sale: each goes on while another view is shown. */
import { signal } from '@preact/signals';
import type { Ruling } from '../shared/api.ts';
import { hasAccount } from '../shared/session.ts';
import { recalled, remember } from '../shared/storage.ts';
import { openBuying, type Buying, type BuyingTools } from './buying.ts';
import { IDLE, isPending, type Purchase } from './purchase.ts';

/** Whose purchases are kept here: an account's, else nobody in particular's. */
const OWNER = 'firstcome.owner';

/** A purchase as a view needs it. */
export type Shown = Pick<Buying, 'purchase' | 'buy' | 'cancel'>;

export interface Purchases {
  /** The purchase of a sale; of no sale, one that never begins. */
  of(sale: string | undefined): Shown;
  /** A ruling from the live socket. */
  ruled(ticket: string, ruling: Ruling): void;
  anyPending(): boolean;
  /** Somebody with an account is here (or has just left): what was somebody else's is forgotten, what waits for them goes on. */
  belongTo(shopper: string | undefined): void;
}

const NOTHING: Shown = { purchase: signal<Purchase>(IDLE), buy: () => {}, cancel: () => {} };

/** Somebody must sign in to go on with it: that makes it theirs. */
const waitsForSignIn = (purchase: Purchase) => purchase.at === 'signed-out';

/** `forgotten` is told when purchases were forgotten, so that whoever shows one looks again. */
export function openPurchases(tools: BuyingTools, forgotten: () => void): Purchases {
  const open = new Map<string, Buying>();
  let owner = recalled(OWNER);

  /** Here, and in what all tabs share unless another tab has done that: by now it may hold what came since. */
  function forget(but: (purchase: Purchase) => boolean, everywhere: boolean) {
    for (const [sale, buying] of open) {
      if (but(buying.purchase.peek())) continue;
      buying.close();
      open.delete(sale);
    }
    tools.keep.forget(but, everywhere);
    forgotten();
  }

  function isOwnerHere() {
    const who = tools.session.who.peek();
    return hasAccount(who) && who.shopper_id === owner;
  }

  /** Another tab has signed in or out, for this one too. */
  function heard({ key, newValue }: StorageEvent) {
    if (key !== OWNER) return;
    // Gone: what was theirs must not be seen any longer than it takes to hear of it.
    if (newValue === null && owner !== undefined) {
      owner = undefined;
      forget(() => false, false);
    }
    void tools.session.learn();
  }

  addEventListener('storage', heard);
  return {
    of(sale) {
      if (sale === undefined) return NOTHING;
      const known = open.get(sale);
      if (known) return known;
      const buying = openBuying(sale, tools);
      open.set(sale, buying);
      if (waitsForSignIn(buying.purchase.peek()) && isOwnerHere()) buying.ownerHere();
      return buying;
    },
    ruled(ticket, ruling) {
      for (const buying of open.values()) buying.ruled(ticket, ruling);
    },
    anyPending: () => [...open.values()].some(({ purchase }) => isPending(purchase.peek())),
    belongTo(shopper) {
      const another = shopper !== owner;
      const everywhere = shopper === undefined || recalled(OWNER) !== shopper;
      owner = shopper;
      if (another) forget(shopper === undefined ? () => false : waitsForSignIn, everywhere);
      // Last: whoever hears of it finds nothing any more of what is forgotten.
      remember(OWNER, shopper);
      for (const buying of open.values()) if (waitsForSignIn(buying.purchase.peek())) buying.ownerHere();
    },
  };
}
