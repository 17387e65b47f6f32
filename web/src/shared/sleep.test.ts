import { expect, test } from 'vitest';
import { createSleepWatch } from './sleep.ts';

const shown = (wallMs: number, pageMs = wallMs) => ({ wallMs, pageMs, hidden: false });
const hidden = (wallMs: number, pageMs = wallMs) => ({ wallMs, pageMs, hidden: true });

test('a page that is asked in time, or a little late, has not slept', () => {
  const slept = createSleepWatch(250, shown(0));
  expect([slept(shown(250)), slept(shown(5_000)), slept(shown(5_250))]).toEqual([false, false, false]);
});

test('a page that is asked hours late has slept, whether or not its own clock stood still; once', () => {
  for (const pageMs of [250, 3_600_000]) {
    const slept = createSleepWatch(250, shown(0));
    expect([slept(shown(3_600_000, pageMs)), slept(shown(3_600_250, pageMs + 250))]).toEqual([true, false]);
  }
});

test('a page in the background, whose timers wait for a minute, has not slept', () => {
  const slept = createSleepWatch(250, shown(0));
  expect([slept(hidden(60_000)), slept(hidden(120_000)), slept(shown(180_000))]).toEqual([false, false, false]);
});

test('a page in the background whose clock stood still has slept', () => {
  const slept = createSleepWatch(250, hidden(0));
  expect(slept(hidden(3_600_000, 60_000))).toBe(true);
});
