/**
 * The server's time, as far as answers have told it.
 *
 * An answer's `server_time` is never later than the moment it is received, however long it travelled or sat in
 * a cache. So `server_time - received` is a lower bound of the offset, and the largest bound heard is the best:
 * the clock is behind by the fastest answer's travel time, never ahead. Bounds are forgotten after a while, so
 * that a local clock that runs fast cannot lead for ever.
 */

/** How long a bound is trusted, in ms: two computers drift about 30 ms apart in this time. */
const TRUST_MS = 5 * 60_000;

export interface Clock {
  /** The server's time in ms since 1970; never less than at an earlier call. */
  now(): number;
  /** Learns from a `server_time`, or the date of an answer, just received. Nonsense is ignored. */
  hear(serverTime: unknown): void;
  /** Calls back, once, as soon as the server's time is more than a guess; at once when it is. */
  whenHeard(then: () => void): void;
}

/**
 * `monotonic` is a clock that never runs back (`performance.now`); `guess` is the local time in ms since 1970,
 * used until the first answer.
 */
export function createClock(monotonic: () => number, guess: number): Clock {
  const fallback = guess - monotonic();
  // The best bound of the current and of the last period of TRUST_MS.
  let current = -Infinity;
  let last = -Infinity;
  let turnsAt = -Infinity;
  let shown = -Infinity;
  const waiting: (() => void)[] = [];

  return {
    now() {
      const offset = Math.max(current, last);
      const time = monotonic() + (offset === -Infinity ? fallback : offset);
      // Before the first answer the guess may be ahead of the server: nothing was promised yet, so nothing holds it.
      if (offset === -Infinity) return time;
      shown = Math.max(shown, time);
      return shown;
    },
    hear(serverTime) {
      const time = typeof serverTime === 'string' ? Date.parse(serverTime) : Number.NaN;
      if (Number.isNaN(time)) return;
      const received = monotonic();
      if (received >= turnsAt) {
        last = current;
        current = -Infinity;
        turnsAt = received + TRUST_MS;
      }
      current = Math.max(current, time - received);
      for (const then of waiting.splice(0)) then();
    },
    whenHeard(then) {
      if (turnsAt > -Infinity) then();
      else waiting.push(then);
    },
  };
}
