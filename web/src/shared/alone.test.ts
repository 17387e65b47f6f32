import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { alone } from './alone.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Its first `blind` looks find nothing, as when another tab writes at the same moment. */
function aStorage(blind = 0): Storage {
  const kept = new Map<string, string>();
  let looks = 0;
  return {
    getItem: (name: string) => ((looks += 1) <= blind ? null : (kept.get(name) ?? null)),
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  } as unknown as Storage;
}

/** Work that says when it begins and ends. */
function aWorkplace() {
  const seen: string[] = [];
  const work = (who: string) => async () => {
    seen.push(`${who} begins`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    seen.push(`${who} ends`);
    return who;
  };
  return { seen, work };
}

const ONE_BY_ONE = ['a begins', 'a ends', 'b begins', 'b ends'];

describe('without locks', () => {
  beforeEach(() => void vi.stubGlobal('navigator', {}));

  test('tabs that begin at the same moment work one after the other', async () => {
    const { seen, work } = aWorkplace();
    const storage = aStorage(2);
    // Who claims last holds the claim.
    const both = Promise.all([alone('n', work('b'), storage), alone('n', work('a'), storage)]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await both).toEqual(['b', 'a']);
    expect(seen).toEqual(ONE_BY_ONE);
  });

  test('a tab that was closed in the middle keeps the others waiting for a while only', async () => {
    const { seen, work } = aWorkplace();
    const storage = aStorage();
    void alone('n', () => new Promise(() => {}), storage);
    void alone('n', work('b'), storage);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen).toEqual(['b begins', 'b ends']);
  });

  test.each([
    ['no', undefined],
    ['full', { ...aStorage(), getItem: () => null, setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } } as unknown as Storage],
  ])('with %s storage the work is done all the same', async (_, storage) => {
    const { work } = aWorkplace();
    const done = alone('n', work('a'), storage);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await done).toBe('a');
  });
});

describe('with locks', () => {
  test('the browser lets one in at a time', async () => {
    const { seen, work } = aWorkplace();
    let last: Promise<unknown> = Promise.resolve();
    vi.stubGlobal('navigator', { locks: { request: (_: string, run: () => Promise<unknown>) => (last = last.then(run)) } });
    const both = Promise.all([alone('n', work('a')), alone('n', work('b'))]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await both).toEqual(['a', 'b']);
    expect(seen).toEqual(ONE_BY_ONE);
  });

  test('a browser that refuses them is no obstacle', async () => {
    const { seen, work } = aWorkplace();
    vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } });
    const done = alone('n', work('a'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await done).toBe('a');
    expect(seen).toEqual(['a begins', 'a ends']);
  });
});
