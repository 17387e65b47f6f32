/** Notices that the computer slept: its connections may be dead, though nothing has said so. */

/** A computer that was away for longer than this may have lost its connections, in ms; a busy page is late by less. */
const SLEPT_MS = 5_000;

/** What two clocks show, in ms: the computer's own, and one that may stand still in its sleep. */
export interface Reading {
  wallMs: number;
  pageMs: number;
  /** The page is in the background, where the browser lets its timers wait for up to a minute. */
  hidden: boolean;
}

/** To be asked every `beatMs`: has it slept since it was asked last? */
export function createSleepWatch(beatMs: number, first: Reading): (now: Reading) => boolean {
  let last = first;
  return (now) => {
    const passedMs = now.wallMs - last.wallMs;
    // Some browsers' page clocks go on in sleep: there only a late timer tells, and only of a page that is shown.
    const expectedMs = now.hidden || last.hidden ? now.pageMs - last.pageMs : beatMs;
    last = now;
    return passedMs - expectedMs > SLEPT_MS;
  };
}
