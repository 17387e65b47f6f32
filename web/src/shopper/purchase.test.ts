import { describe, expect, test } from 'vitest';
import type { Problem, Reason } from '../shared/api.ts';
import { IDLE, isPending, step, type Effect, type Purchase, type PurchaseEvent } from './purchase.ts';

const MINUTE = 60_000;

/** Plays events one after the other, as the page does; a reload keeps only what JSON keeps. */
class Story {
  purchase: Purchase = IDLE;
  effects: Effect[] = [];
  nowMs = 1_000_000;
  random = 1;

  then(event: PurchaseEvent): this {
    ({ purchase: this.purchase, effects: this.effects } = step(this.purchase, event, this));
    return this;
  }
  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }
  reload(): this {
    this.purchase = JSON.parse(JSON.stringify(this.purchase)) as Purchase;
    return this.then({ is: 'restored' });
  }
  buys(key = 'k1'): this {
    return this.then({ is: 'buy', key });
  }
  refused(code: string, rest: Partial<Problem> = {}): this {
    return this.then({ is: 'refused', by: 'purchase', problem: { code, ...rest } });
  }
  accepted(ticket = 't1'): this {
    return this.then({ is: 'accepted', ticket, ahead: 7, waitMs: 900 });
  }
  won(orderId = 'o1', ticket = 't1'): this {
    return this.then({ is: 'ruled', ticket, ruling: { state: 'won', order_id: orderId, sale_id: 's1', replay: false } });
  }
  lost(reason: Reason, ticket = 't1'): this {
    return this.then({ is: 'ruled', ticket, ruling: { state: 'lost', reason } });
  }
  /** Each a second older than the next, and the last one a moment ago. */
  orders(...ids: string[]): this {
    const orders = ids.map((id, i) => ({ id, atMs: this.nowMs - 1_000 * (ids.length - 1 - i) }));
    return this.then({ is: 'orders', orders });
  }
}

const aClick = () => new Story().buys();

describe('the straight way', () => {
  test('a click is sent, queued and won', () => {
    const story = aClick();
    expect(story.purchase).toMatchObject({ at: 'sending', intent: { key: 'k1', doubt: false } });
    expect(story.effects).toEqual([{ do: 'post', key: 'k1' }]);
    story.accepted();
    expect(story.purchase).toMatchObject({ at: 'queued', ticket: 't1', ahead: 7, waitMs: 900 });
    expect(story.effects).toEqual([{ do: 'follow', ticket: 't1' }]);
    story.then({ is: 'ruled', ticket: 't1', ruling: { state: 'queued', ahead: 2, wait_ms: 300 } });
    expect(story.purchase).toMatchObject({ at: 'queued', ahead: 2, waitMs: 300 });
    story.won();
    expect(story.purchase).toEqual({ at: 'won', orderId: 'o1', owned: ['o1'] });
  });

  test.each<Reason>(['sold-out', 'ended', 'paused', 'closed', 'not-started', 'malformed', 'unknown-sale'])(
    'a ruling of "%s" is told at once',
    (reason) => {
      expect(aClick().accepted().lost(reason).purchase).toEqual({ at: 'lost', reason, owned: [] });
    },
  );

  test.each(['sold-out', 'ended', 'paused', 'closed', 'not-started', 'unknown-sale'])('a refusal of "%s" is told at once', (code) => {
    expect(aClick().refused(code).purchase).toEqual({ at: 'lost', reason: code, owned: [] });
  });

  test('who already has one is shown the order', () => {
    const story = aClick().accepted().lost('limit-reached');
    expect(story.effects).toEqual([{ do: 'look-up-orders' }]);
    expect(story.orders('o0').purchase).toMatchObject({ at: 'lost', reason: 'limit-reached', orderId: 'o0' });
  });

  test('a new click after an end is a new purchase with its own key', () => {
    const lost = aClick().refused('sold-out').buys('k2');
    expect(lost.purchase).toMatchObject({ at: 'sending', intent: { key: 'k2' } });
    const won = aClick().accepted().won().buys('k2');
    expect(won.purchase).toMatchObject({ at: 'sending', intent: { key: 'k2' }, owned: ['o1'] });
  });
});

describe('one click is one purchase', () => {
  const pending = {
    sending: () => aClick(),
    waiting: () => aClick().refused('busy'),
    'signed-out': () => aClick().refused('unauthorized').then({ is: 'account-needed', why: 'needed' }),
    queued: () => aClick().accepted(),
    checking: () => aClick().refused('outcome-unknown').then({ is: 'wake' }).refused('ended'),
  };

  test.each(Object.entries(pending))('a second click while %s changes nothing', (at, given) => {
    const story = given();
    const before = story.purchase;
    expect(before.at).toBe(at);
    expect(isPending(before)).toBe(true);
    story.buys('k2');
    expect(story.purchase).toBe(before);
    expect(story.effects).toEqual([]);
  });

  test('a reload while sending sends the same key again and no longer trusts a refusal', () => {
    const story = aClick().after(500).reload();
    expect(story.effects).toEqual([{ do: 'post', key: 'k1' }]);
    story.refused('sold-out');
    expect(story.purchase).toMatchObject({ at: 'checking', reason: 'sold-out' });
  });

  test('a reload in the queue follows the same ticket', () => {
    const story = aClick().accepted().reload();
    expect(story.purchase).toMatchObject({ at: 'queued', ticket: 't1' });
    expect(story.effects).toEqual([{ do: 'follow', ticket: 't1' }]);
  });

  test('a reload while waiting keeps to the slot that the server has booked', () => {
    const story = aClick().refused('busy', { retryAfterMs: 4_000 }).after(1_500).reload();
    expect(story.effects).toEqual([{ do: 'wake', inMs: 2_500 }]);
  });

  test('no kept wait is longer than one that the server may ask for', () => {
    const story = aClick().refused('busy').after(-60 * MINUTE).reload();
    expect(story.effects).toEqual([{ do: 'wake', inMs: 5 * MINUTE }]);
  });

  test('a reload after the end shows the end', () => {
    const story = aClick().accepted().won().reload();
    expect(story.purchase).toEqual({ at: 'won', orderId: 'o1', owned: ['o1'] });
    expect(story.effects).toEqual([{ do: 'look-up-order', orderId: 'o1' }]);
  });

  test('an order that the seller has cancelled is not the shopper\'s any more', () => {
    const story = aClick().accepted().won().reload().then({ is: 'cancelled', orderId: 'o0' });
    expect(story.purchase.at).toBe('won');
    story.then({ is: 'cancelled', orderId: 'o1' });
    expect(story.purchase).toEqual({ at: 'cancelled', orderId: 'o1', owned: [] });
    expect(story.buys('k2').effects).toEqual([{ do: 'post', key: 'k2' }]);
  });

  test.each(['sending', 'waiting'] as const)('a purchase that was %s when the page was left an hour ago asks before it goes on', (at) => {
    const story = pending[at]().after(60 * MINUTE).reload();
    expect(story.purchase).toMatchObject({ at: 'failed', code: 'interrupted' });
    expect(story.buys('k2').effects).toEqual([{ do: 'post', key: 'k1' }]);
  });

  test('a computer that sleeps through a wait does not buy when it wakes', () => {
    const story = aClick().refused('busy').after(60 * MINUTE).then({ is: 'wake' });
    expect(story.purchase).toMatchObject({ at: 'failed', code: 'interrupted' });
    expect(story.effects).toEqual([]);
  });
});

describe('not now', () => {
  test.each(['busy', 'rate-limited'] as const)('"%s" waits exactly as told and sends the same key again', (code) => {
    const story = aClick().refused(code, { retryAfterMs: 3_210 });
    expect(story.purchase).toMatchObject({ at: 'waiting', why: code, untilMs: story.nowMs + 3_210 });
    expect(story.effects).toEqual([{ do: 'wake', inMs: 3_210 }]);
    story.after(3_210).then({ is: 'wake' });
    expect(story.effects).toEqual([{ do: 'post', key: 'k1' }]);
  });

  test('the wait has a floor and a ceiling', () => {
    expect(aClick().refused('busy', { retryAfterMs: 0 }).effects).toEqual([{ do: 'wake', inMs: 100 }]);
    expect(aClick().refused('busy', { retryAfterMs: 1e12 }).effects).toEqual([{ do: 'wake', inMs: 5 * MINUTE }]);
  });

  test('who stops waiting has bought nothing, and the next click is a new purchase', () => {
    const story = aClick().refused('busy').then({ is: 'cancel' });
    expect(story.purchase).toEqual({ at: 'idle', owned: [] });
    story.then({ is: 'wake' });
    expect(story.purchase.at).toBe('idle');
    expect(story.buys('k2').effects).toEqual([{ do: 'post', key: 'k2' }]);
  });

  test('only a wait can be stopped', () => {
    expect(aClick().then({ is: 'cancel' }).purchase.at).toBe('sending');
    expect(aClick().accepted().then({ is: 'cancel' }).purchase.at).toBe('queued');
  });
});

describe('doubt', () => {
  test.each(['outcome-unknown', 'unreachable', 'internal', 'halted', 'unavailable'] as const)('"%s" repeats with the same key, slower each time', (code) => {
    const story = aClick();
    for (const inMs of [500, 1_000, 2_000, 4_000]) {
      story.refused(code);
      expect(story.purchase).toMatchObject({ at: 'waiting', why: code, intent: { key: 'k1', doubt: true } });
      expect(story.effects).toEqual([{ do: 'wake', inMs }]);
      story.then({ is: 'wake' });
      expect(story.effects).toEqual([{ do: 'post', key: 'k1' }]);
    }
  });

  test('no try comes sooner than the server asks for', () => {
    expect(aClick().refused('outcome-unknown', { retryAfterMs: 1_700 }).effects).toEqual([{ do: 'wake', inMs: 1_700 }]);
  });

  test('a server that fails again and again leaves the choice to the shopper, with the same key', () => {
    const story = aClick();
    for (let i = 0; i < 4; i += 1) story.refused('internal').then({ is: 'wake' });
    story.refused('internal', { requestId: 'r-9' });
    expect(story.purchase).toMatchObject({ at: 'failed', code: 'internal', requestId: 'r-9' });
    expect(story.effects).toEqual([{ do: 'look-up-orders' }]);
    expect(story.buys('k2').effects).toEqual([{ do: 'post', key: 'k1' }]);
  });

  test('a missing network is waited for as long as the page is open', () => {
    const story = aClick();
    for (let i = 0; i < 50; i += 1) story.refused('unreachable').then({ is: 'wake' });
    expect(story.refused('unreachable').effects).toEqual([{ do: 'wake', inMs: 10_000 }]);
  });

  test('bad news is held back until the orders were looked up, and an order found there is a win', () => {
    const story = aClick().refused('outcome-unknown').then({ is: 'wake' }).refused('sold-out');
    expect(story.purchase).toMatchObject({ at: 'checking', reason: 'sold-out' });
    expect(story.effects).toEqual([{ do: 'look-up-orders' }]);
    story.orders();
    expect(story.effects).toEqual([{ do: 'wake', inMs: 1_500 }]);
    story.then({ is: 'wake' });
    expect(story.effects).toEqual([{ do: 'look-up-orders' }]);
    expect(story.orders('o1').purchase).toEqual({ at: 'won', orderId: 'o1', owned: ['o1'] });
  });

  test('bad news is told when the orders stay empty for longer than any queue', () => {
    const story = aClick().refused('unreachable').then({ is: 'wake' }).refused('ended');
    let waitedMs = 0;
    while (story.purchase.at === 'checking') {
      story.orders();
      for (const effect of story.effects) if (effect.do === 'wake') waitedMs += effect.inMs;
      story.then({ is: 'wake' });
    }
    expect(story.purchase).toEqual({ at: 'lost', reason: 'ended', owned: [] });
    expect(waitedMs).toBeGreaterThanOrEqual(5_000);
  });

  test('orders that could not be asked prove nothing', () => {
    const story = aClick().refused('unreachable').then({ is: 'wake' }).refused('ended');
    for (let i = 0; i < 50; i += 1) story.then({ is: 'orders', orders: undefined }).then({ is: 'wake' });
    expect(story.purchase.at).toBe('checking');
  });

  test('orders that cannot be asked are asked for less and less often, and never sooner than the server wants', () => {
    const story = aClick().refused('unreachable').then({ is: 'wake' }).refused('ended');
    const waits = [];
    for (const retryAfterMs of [undefined, undefined, undefined, undefined, 12_345]) {
      story.then({ is: 'orders', orders: undefined, retryAfterMs });
      waits.push(...story.effects);
    }
    expect(waits).toEqual([1_500, 3_000, 6_000, 10_000, 12_345].map((inMs) => ({ do: 'wake', inMs })));
  });

  test('who does not want to wait for the orders keeps the key', () => {
    const story = aClick().refused('unreachable').then({ is: 'wake' }).refused('ended').then({ is: 'cancel' });
    expect(story.purchase).toMatchObject({ at: 'failed', code: 'stopped', intent: { key: 'k1', doubt: true } });
  });

  test('an order from before the click is not taken for this one, though this browser never showed it', () => {
    const story = aClick().refused('unreachable').then({ is: 'wake' }).refused('sold-out');
    const before = { id: 'o0', atMs: story.nowMs - MINUTE };
    expect(story.then({ is: 'orders', orders: [before] }).purchase.at).toBe('checking');
    expect(story.then({ is: 'orders', orders: [before, { id: 'o1', atMs: story.nowMs }] }).purchase).toMatchObject({ at: 'won', orderId: 'o1' });
  });

  test('an order seems to be a little older than its click when two computers disagree', () => {
    const story = aClick().refused('unreachable').then({ is: 'wake' }).refused('sold-out');
    expect(story.then({ is: 'orders', orders: [{ id: 'o1', atMs: story.nowMs - 2_000 }] }).purchase.at).toBe('won');
  });

  test('an order won before is not taken for this one', () => {
    const story = aClick().accepted().won('o1').buys('k2').refused('unreachable').then({ is: 'wake' }).refused('sold-out');
    expect(story.orders('o1').purchase.at).toBe('checking');
    expect(story.orders('o1', 'o2').purchase).toEqual({ at: 'won', orderId: 'o2', owned: ['o1', 'o2'] });
  });

  test('a shopper who stops in doubt keeps the key, and learns of an order later', () => {
    const story = aClick().refused('outcome-unknown').then({ is: 'cancel' });
    expect(story.purchase).toMatchObject({ at: 'failed', code: 'stopped', intent: { key: 'k1' } });
    story.orders().reload();
    expect(story.effects).toEqual([{ do: 'look-up-orders' }]);
    expect(story.orders('o1').purchase).toMatchObject({ at: 'won', orderId: 'o1' });
  });

  test('a ticket that the server does not know is a purchase in doubt', () => {
    const story = aClick().accepted().then({ is: 'ticket-refused', ticket: 't1' });
    expect(story.purchase).toMatchObject({ at: 'waiting', why: 'outcome-unknown', intent: { key: 'k1', doubt: true } });
  });
});

describe('who the shopper is', () => {
  test('a first click makes a guest session and goes on with the same key', () => {
    const story = aClick().refused('unauthorized');
    expect(story.effects).toEqual([{ do: 'sign-in' }]);
    expect(story.purchase.at).toBe('sending');
    story.then({ is: 'signed-in' });
    expect(story.effects).toEqual([{ do: 'post', key: 'k1' }]);
    expect(story.accepted().purchase.at).toBe('queued');
  });

  test('a session lost between two tries is replaced, with the same key', () => {
    const story = aClick().refused('busy').then({ is: 'wake' }).refused('unauthorized').then({ is: 'signed-in' });
    expect(story.effects).toEqual([{ do: 'post', key: 'k1' }]);
  });

  test('a server that never lets anybody in is not asked for ever', () => {
    const story = aClick().refused('unauthorized').then({ is: 'signed-in' }).refused('unauthorized').then({ is: 'signed-in' });
    expect(story.refused('unauthorized').purchase).toMatchObject({ at: 'failed', code: 'unauthorized' });
  });

  test.each(['forbidden', 'not-found'])('a shop without guests (%s) says so', (code) => {
    const story = aClick().refused('unauthorized').then({ is: 'refused', by: 'sign-in', problem: { code } });
    expect(story.purchase).toMatchObject({ at: 'signed-out', why: 'needed', intent: { key: 'k1', doubt: false } });
  });

  test('who has an account signs in again, and the same purchase goes on', () => {
    const story = aClick().refused('unauthorized').then({ is: 'account-needed', why: 'ended' });
    expect(story.purchase).toMatchObject({ at: 'signed-out', why: 'ended' });
    expect(story.effects).toEqual([]);
    story.after(60 * MINUTE).reload();
    expect(story.purchase.at).toBe('signed-out');
    expect(story.then({ is: 'signed-in' }).effects).toEqual([{ do: 'post', key: 'k1' }]);
  });

  test('who signed in elsewhere buys without a new click only while they can expect it', () => {
    const signedOut = () => aClick().refused('unauthorized').then({ is: 'account-needed', why: 'ended' });
    expect(signedOut().after(MINUTE).then({ is: 'owner-here' }).effects).toEqual([{ do: 'post', key: 'k1' }]);
    const late = signedOut().after(60 * MINUTE).then({ is: 'owner-here' });
    expect([late.purchase, late.effects]).toMatchObject([{ at: 'failed', code: 'interrupted', intent: { key: 'k1' } }, []]);
  });

  test('who does not want to sign in has bought nothing', () => {
    const story = aClick().refused('unauthorized').then({ is: 'account-needed', why: 'needed' }).then({ is: 'cancel' });
    expect(story.purchase).toEqual({ at: 'idle', owned: [] });
  });

  test('a session that ends while orders are looked up keeps the doubt', () => {
    const story = aClick().refused('outcome-unknown').then({ is: 'wake' }).refused('sold-out').then({ is: 'account-needed', why: 'ended' });
    expect(story.purchase).toMatchObject({ at: 'signed-out', intent: { key: 'k1', doubt: true } });
    expect(story.then({ is: 'signed-in' }).refused('sold-out').purchase.at).toBe('checking');
  });

  test('a session that ends in the queue is not needed there', () => {
    const story = aClick().accepted().then({ is: 'account-needed', why: 'ended' });
    expect(story.purchase.at).toBe('queued');
  });

  test('accounts that cannot be looked up now are waited for', () => {
    const story = aClick().refused('unauthorized').then({ is: 'refused', by: 'sign-in', problem: { code: 'unavailable', retryAfterMs: 3_000 } });
    expect(story.purchase).toMatchObject({ at: 'waiting', why: 'unavailable', intent: { doubt: false } });
    expect(story.effects).toEqual([{ do: 'wake', inMs: 3_000 }]);
  });

  test('trouble with signing in casts no doubt on the purchase: it was never sent on', () => {
    const story = aClick().refused('unauthorized').then({ is: 'refused', by: 'sign-in', problem: { code: 'unreachable' } });
    expect(story.purchase).toMatchObject({ at: 'waiting', intent: { doubt: false } });
  });
});

describe('late and foreign news', () => {
  test('a ruling on another ticket changes nothing', () => {
    const story = aClick().accepted('t1');
    expect(story.won('o9', 't9').purchase).toMatchObject({ at: 'queued', ticket: 't1' });
  });

  test('a second telling of the same ruling changes nothing', () => {
    const story = aClick().accepted().won();
    const before = story.purchase;
    expect(story.won().lost('sold-out').purchase).toBe(before);
  });

  test('a reused key is answered with a new one', () => {
    const story = aClick().refused('key-reused');
    expect(story.purchase).toMatchObject({ at: 'failed', code: 'key-reused' });
    expect(story.buys('k2').effects).toEqual([{ do: 'post', key: 'k2' }]);
  });

  test('a refusal of an unknown kind is shown, never swallowed', () => {
    expect(aClick().refused('http-418').purchase).toMatchObject({ at: 'failed', code: 'http-418' });
  });
});
