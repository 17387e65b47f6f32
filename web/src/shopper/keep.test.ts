import { expect, test } from 'vitest';
import { aStorage } from '../shared/storage.fake.ts';
import { openKeep } from './keep.ts';
import { IDLE, type Purchase } from './purchase.ts';

const won = (orderId: string): Purchase => ({ at: 'won', orderId, owned: [orderId] });

test('a purchase is found again by a later page', () => {
  const storage = aStorage();
  openKeep(storage).save('s1', won('o1'), 1);
  expect(openKeep(storage).load('s1')).toEqual(won('o1'));
  expect(openKeep(storage).load('s2')).toEqual(IDLE);
});

test('what cannot be read is forgotten', () => {
  const storage = aStorage();
  for (const text of ['', 'nonsense', 'null', '{}', '{"v":1}', '{"v":0,"purchase":{"at":"won"}}']) {
    storage.setItem('firstcome.purchase.s1', text);
    expect(openKeep(storage).load('s1')).toEqual(IDLE);
  }
});

test('a browser that keeps nothing still remembers until the page is left', () => {
  const full = { ...aStorage(), getItem: () => null, setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } } as unknown as Storage;
  for (const storage of [undefined, full]) {
    const keep = openKeep(storage);
    keep.save('s1', won('o1'), 1);
    expect(keep.load('s1')).toEqual(won('o1'));
  }
});

test('the oldest of many sales are forgotten first', () => {
  const storage = aStorage();
  const keep = openKeep(storage);
  for (let i = 0; i < 60; i += 1) keep.save(`s${i}`, won(`o${i}`), i);
  expect(Object.keys(storage)).toHaveLength(50);
  expect(keep.load('s9')).toEqual(IDLE);
  expect(keep.load('s59')).toEqual(won('o59'));
});

test('purchases of somebody who has gone are forgotten, but for those to be gone on with', () => {
  const storage = aStorage();
  const full = { ...aStorage(), getItem: () => null, removeItem: () => {}, setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } } as unknown as Storage;
  const waiting: Purchase = { at: 'signed-out', why: 'ended', intent: { key: 'k', doubt: false, tries: 0, signIns: 0, sentAtMs: 0 }, owned: [] };
  for (const keep of [openKeep(storage), openKeep(undefined), openKeep(full)]) {
    keep.save('s1', won('o1'), 1);
    keep.save('s2', waiting, 2);
    keep.forget(({ at }) => at === 'signed-out', true);
    expect([keep.load('s1'), keep.load('s2')]).toEqual([IDLE, waiting]);
  }
  expect(JSON.stringify(storage)).not.toContain('o1');
});

test('what tabs share stays where another tab has seen to it', () => {
  const storage = aStorage();
  const keep = openKeep(storage);
  keep.save('s1', won('o1'), 1);
  keep.forget(() => false, false);
  expect(keep.load('s1')).toEqual(won('o1'));
});
