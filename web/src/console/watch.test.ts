import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Answer, Traffic } from './api.ts';
import { openWatch, STALE_MS } from './watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sale = (remaining: number, revision: number) => ({ stock: 10, sold: 10 - remaining, remaining, revision });
const traffic = (accepted: number, remaining = 10, revision = 1): Answer<Traffic> => ({
  ok: true,
  body: { accepted, refused: {}, doors: 1, queue: { purchases: 2, wait_ms: 3 }, sale: sale(remaining, revision) } as unknown as Traffic,
});
const lost: Answer<Traffic> = { ok: false, problem: { code: 'unreachable' } };

/** Watches a server that answers in turn, and then no more. */
const givenAWatch = (...answers: Answer<Traffic>[]) => givenAWatchBy(() => Date.now(), answers);

/** `shop` is told how often the server was asked. */
function givenAWatchBy(shop: (asked: number) => number, answers: Answer<Traffic>[]) {
  let asked = 0;
  const watch = openWatch(
    async () => {
      asked += 1;
      return answers.shift() ?? lost;
    },
    { elapsed: () => performance.now(), shop: () => shop(asked) },
  );
  return { watch, asked: () => asked };
}

test('the server is asked once a second, and each answer becomes a sample', async () => {
  const { watch, asked } = givenAWatch(traffic(0), traffic(8), traffic(16));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked()).toBe(3);
  expect(watch.history.columns(['accepted'])[1]).toEqual([null, 8, 8]);
  expect(watch.samples.value).toBe(3);
  watch.stop();
});

test('a computer whose clock is an hour fast asks on, tells the age, and draws at the shop’s time', async () => {
  // The first answer puts the clock right, as on a page that begins with this view.
  const shop = (asked: number) => Date.now() + (asked === 0 ? 3_600_000 : 0);
  const began = Date.now();
  const { watch, asked } = givenAWatchBy(shop, [traffic(0), traffic(8), traffic(16)]);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(asked()).toBe(7);
  expect(watch.history.columns(['remaining'])[0]).toEqual([began, began + 1_000, began + 2_000].map((ms) => ms / 1000));
  expect(watch.ageMs.value).toBe(4_000);
  watch.stop();
});

test('while no answer comes, the last one stays and grows old, and is young again with the next', async () => {
  const answers = [traffic(1), ...Array<Answer<Traffic>>(5).fill(lost), traffic(2)];
  const { watch } = givenAWatch(...answers);
  await vi.advanceTimersByTimeAsync(5_500);
  expect(watch.latest.value?.accepted).toBe(1);
  expect(watch.problem.value?.code).toBe('unreachable');
  expect(watch.ageMs.value).toBeGreaterThan(STALE_MS);
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.latest.value?.accepted).toBe(2);
  expect([watch.problem.value, watch.ageMs.value]).toEqual([undefined, 0]);
  watch.stop();
});

test('what another replica knew before is not told as new', async () => {
  const { watch } = givenAWatch(traffic(5, 4, 9), traffic(6, 7, 8));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(watch.latest.value?.sale.remaining).toBe(4);
  expect(watch.latest.value?.accepted).toBe(6);
  watch.stop();
});

test('a watch that is stopped asks no more', async () => {
  const { watch, asked } = givenAWatch(traffic(1));
  await vi.advanceTimersByTimeAsync(0);
  watch.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked()).toBe(1);
});
