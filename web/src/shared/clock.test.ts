import { describe, expect, test } from 'vitest';
import { createClock } from './clock.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const at = (ms: number) => new Date(NOON + ms).toISOString();

/** A clock on a computer whose own time is off by `guessOffMs`; `passes` moves real time. */
function givenAClock(guessOffMs = 0) {
  let elapsed = 1_000;
  const clock = createClock(() => elapsed, NOON + guessOffMs);
  return { clock, passes: (ms: number) => void (elapsed += ms) };
}

describe('the clock', () => {
  test('guesses by the computer until an answer comes, then follows the server', () => {
    const { clock, passes } = givenAClock(3_600_000);
    expect(clock.now()).toBe(NOON + 3_600_000);
    clock.hear(at(0));
    expect(clock.now()).toBe(NOON);
    passes(250);
    expect(clock.now()).toBe(NOON + 250);
  });

  test('is not moved by an answer that travelled longer, and is moved on by one that travelled less', () => {
    const { clock, passes } = givenAClock();
    clock.hear(at(-80));
    passes(1_000);
    clock.hear(at(1_000 - 900));
    expect(clock.now()).toBe(NOON + 920);
    clock.hear(at(1_000 - 5));
    expect(clock.now()).toBe(NOON + 995);
  });

  test('still holds its best bound when a slow answer comes much later', () => {
    const { clock, passes } = givenAClock();
    clock.hear(at(0));
    passes(6 * 60_000);
    clock.hear(at(6 * 60_000 - 900));
    passes(100_000);
    expect(clock.now()).toBe(NOON + 460_000);
  });

  test('never runs back, even when the server corrects itself', () => {
    const { clock, passes } = givenAClock();
    clock.hear(at(2_000));
    const before = clock.now();
    passes(6 * 60_000);
    clock.hear(at(6 * 60_000));
    passes(6 * 60_000);
    clock.hear(at(12 * 60_000));
    passes(6 * 60_000);
    clock.hear(at(18 * 60_000));
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    // By now the wrong answer is forgotten: the clock agrees with the server again.
    expect(clock.now()).toBe(NOON + 18 * 60_000);
  });

  test('stands still rather than step back when a wrong bound is forgotten', () => {
    const { clock, passes } = givenAClock();
    clock.hear(at(600_000 + 5_000));
    passes(300_000);
    clock.hear(at(300_000));
    const shown = clock.now();
    passes(300_000);
    clock.hear(at(600_000));
    passes(1);
    expect(clock.now()).toBeGreaterThanOrEqual(shown);
  });

  test('catches up after the computer slept and its own time stood still', () => {
    const { clock } = givenAClock();
    clock.hear(at(0));
    clock.hear(at(3_600_000));
    expect(clock.now()).toBe(NOON + 3_600_000);
  });

  test.each([undefined, null, 17, '', 'yesterday'])('ignores %o', (nonsense) => {
    const { clock } = givenAClock();
    clock.hear(at(500));
    clock.hear(nonsense);
    expect(clock.now()).toBe(NOON + 500);
  });

  test('says when it is more than a guess', () => {
    const { clock } = givenAClock();
    const told: string[] = [];
    clock.whenHeard(() => told.push('waited'));
    clock.hear('yesterday');
    expect(told).toEqual([]);
    clock.hear(at(0));
    clock.hear(at(1));
    clock.whenHeard(() => told.push('at once'));
    expect(told).toEqual(['waited', 'at once']);
  });
});
