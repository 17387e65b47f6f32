import { signal } from '@preact/signals';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Api } from '../shared/api.ts';
import { createClock } from '../shared/clock.ts';
import type { Session, Who } from '../shared/session.ts';
import { aStorage } from '../shared/storage.fake.ts';
import { openKeep } from './keep.ts';
import type { Purchase } from './purchase.ts';
import { openPurchases } from './purchases.ts';

/** What other tabs tell this one. */
let tells: ((event: Partial<StorageEvent>) => void)[] = [];

beforeEach(() => {
  tells = [];
  vi.stubGlobal('addEventListener', (_: string, hear: (event: Partial<StorageEvent>) => void) => void tells.push(hear));
});
afterEach(() => void vi.unstubAllGlobals());

const intent = { key: 'k1', doubt: false, tries: 0, signIns: 0, sentAtMs: 0 };
const WON: Purchase = { at: 'won', orderId: 'o1', owned: ['o1'] };
const SIGNED_OUT: Purchase = { at: 'signed-out', intent, why: 'ended', owned: [] };

/** A page that keeps these purchases, of the sales in their order: s0, s1 … */
function givenAPage(...kept: Purchase[]) {
  return givenAPageIn(undefined, ...kept);
}

function givenAPageIn(storage: Storage | undefined, ...kept: Purchase[]) {
  const keep = openKeep(storage);
  kept.forEach((purchase, i) => keep.save(`s${i}`, purchase, i));
  const posted: string[] = [];
  const who = signal<Who>('unknown');
  const api = { purchase: (_sale: string, key: string) => (posted.push(key), new Promise(() => {})), order: () => new Promise(() => {}) } as unknown as Api;
  let forgotten = 0;
  let learnt = 0;
  const purchases = openPurchases(
    {
      api,
      keep,
      session: { who, learn: async () => void (learnt += 1) } as unknown as Session,
      clock: createClock(() => 0, 0),
      watch: () => {},
      forget: () => {},
      silentForMs: () => Infinity,
      reached: () => {},
      ended: () => {},
    },
    () => (forgotten += 1),
  );
  const at = (sale: string) => purchases.of(sale).purchase.value.at;
  return { purchases, posted, at, who, learnt: () => learnt, forgotten: () => forgotten };
}

test('what an account bought here is forgotten when another one comes', () => {
  const { purchases, at, forgotten } = givenAPage(WON);
  expect(at('s0')).toBe('won');
  purchases.belongTo('ada');
  expect([at('s0'), forgotten()]).toEqual(['idle', 1]);
});

test('what an account bought here stays while it is the same', () => {
  const { purchases, at, forgotten } = givenAPage();
  purchases.belongTo('ada');
  const before = purchases.of('s0');
  purchases.belongTo('ada');
  expect(purchases.of('s0')).toBe(before);
  expect([at('s0'), forgotten()]).toEqual(['idle', 1]);
});

test('a purchase that waits for its shopper goes on when they come, with its key', () => {
  const { purchases, posted, at } = givenAPage(WON, SIGNED_OUT);
  expect([at('s0'), at('s1')]).toEqual(['won', 'signed-out']);
  purchases.belongTo('ada');
  expect([at('s0'), at('s1')]).toEqual(['idle', 'sending']);
  expect(posted).toEqual(['k1']);
});

test('a purchase that is opened when its shopper has signed in already goes on, too', () => {
  const { purchases, posted, at, who } = givenAPage(SIGNED_OUT, SIGNED_OUT);
  who.value = { shopper_id: 'ada', role: 'shopper', expires_at: '', email: 'ada@example.org' };
  purchases.belongTo('ada');
  expect([at('s0'), posted]).toEqual(['sending', ['k1']]);
  who.value = 'nobody';
  expect(at('s1')).toBe('signed-out');
});

test('nothing is left of a shopper who signs out', () => {
  const { purchases, at } = givenAPage(WON, SIGNED_OUT);
  purchases.belongTo('ada');
  purchases.belongTo(undefined);
  expect([at('s0'), at('s1')]).toEqual(['idle', 'idle']);
});

test('nothing is left of a shopper who signs out in another tab', () => {
  const { purchases, at, posted, forgotten, learnt } = givenAPage(SIGNED_OUT);
  purchases.belongTo('ada');
  expect([at('s0'), posted.length, forgotten()]).toEqual(['signed-out', 0, 1]);
  const tell = (event: Partial<StorageEvent>) => tells.forEach((hear) => hear(event));
  tell({ key: 'something else', newValue: null });
  expect([at('s0'), forgotten(), learnt()]).toEqual(['signed-out', 1, 0]);
  tell({ key: 'firstcome.owner', newValue: null });
  expect([at('s0'), forgotten(), learnt()]).toEqual(['idle', 2, 1]);
});

test('somebody who signs in in another tab is here, too', () => {
  const { at, forgotten, learnt } = givenAPage(WON);
  tells.forEach((hear) => hear({ key: 'firstcome.owner', newValue: 'ada' }));
  expect([at('s0'), forgotten(), learnt()]).toEqual(['won', 0, 1]);
});

test('a forgotten purchase does nothing any more', () => {
  const { purchases, posted } = givenAPage();
  const old = purchases.of('s0');
  purchases.belongTo('ada');
  old.buy();
  expect([old.purchase.value.at, posted]).toEqual(['idle', []]);
});

test('a tab that hears late of somebody who came in another one forgets nothing that is theirs', () => {
  const storage = aStorage();
  vi.stubGlobal('localStorage', storage);
  const late = givenAPageIn(storage);
  const first = givenAPageIn(storage, SIGNED_OUT);
  expect([first.at('s0'), late.at('s0')]).toEqual(['signed-out', 'signed-out']);
  first.purchases.belongTo('ada');
  expect([first.at('s0'), first.posted]).toEqual(['sending', ['k1']]);
  late.purchases.belongTo('ada');
  expect(openKeep(storage).load('s0')).toMatchObject({ at: 'sending', intent: { key: 'k1' } });
  first.purchases.belongTo(undefined);
  expect(openKeep(storage).load('s0').at).toBe('idle');
});

test('a purchase that has waited too long for its shopper asks them once more', () => {
  const old: Purchase = { ...SIGNED_OUT, intent: { ...intent, sentAtMs: -121_000 } };
  const { purchases, posted, at } = givenAPage(old);
  expect(at('s0')).toBe('signed-out');
  purchases.belongTo('ada');
  expect([at('s0'), posted]).toEqual(['failed', []]);
  purchases.of('s0').buy();
  expect([at('s0'), posted]).toEqual(['sending', ['k1']]);
});
