import { expect, test } from 'vitest';
import { createHistory, type Look } from './history.ts';

const look = (atMs: number, accepted: number, more: Partial<Look> = {}): Look => ({
  ...{ atMs, accepted, refused: {}, doors: 1, remaining: 100 - accepted, backlog: 0, waitMs: 0, verdictMs: null },
  ...more,
});

test('samples come out as columns, in order, with what is not known left empty', () => {
  const history = createHistory();
  history.push(look(1_000, 0));
  history.push(look(2_000, 7, { verdictMs: { p50: 4, p99: 9 }, refused: { busy: 3 } }));
  expect(history.columns(['accepted', 'refused', 'remaining', 'p99'])).toEqual([
    [1, 2],
    [null, 7],
    [null, 3],
    [100, 93],
    [null, 9],
  ]);
});

test('words of other doors that come late do not make the drawn rate jump', () => {
  const history = createHistory();
  // Ten a second, of which every other answer knows nothing new.
  [0, 0, 20, 20, 40, 40, 60].forEach((accepted, second) => history.push(look(second * 1_000, accepted)));
  const [, drawn = []] = history.columns(['accepted']);
  expect(drawn).toHaveLength(7);
  for (const rate of drawn.slice(3)) expect(Math.abs((rate ?? Number.NaN) - 10)).toBeLessThan(4);
});

test('the oldest sample makes room', () => {
  const history = createHistory(3);
  for (const at of [1, 2, 3, 4, 5]) history.push(look(at * 1_000, at));
  expect(history.columns(['remaining'])).toEqual([[3, 4, 5], [97, 96, 95]]);
  expect(history.rate(10_000)?.accepted).toBe(1);
});

test('answers that were missed leave a gap, and no rate is made up for it', () => {
  const history = createHistory();
  history.push(look(1_000, 0));
  history.push(look(9_000, 80));
  history.push(look(10_000, 81));
  expect(history.columns(['accepted', 'remaining'])).toEqual([
    [1, 1.001, 9, 10],
    [null, null, null, 1],
    [100, null, 20, 19],
  ]);
});

test('an answer that is not newer is ignored', () => {
  const history = createHistory();
  history.push(look(2_000, 5));
  history.push(look(2_000, 6));
  history.push(look(1_000, 4));
  expect(history.columns(['remaining'])).toEqual([[2], [95]]);
});
