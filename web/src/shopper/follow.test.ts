import { describe, expect, test } from 'vitest';
import type { Answer, Ruling } from '../shared/api.ts';
import { follow } from './follow.ts';

const QUEUED: Answer<Ruling> = { ok: true, body: { state: 'queued', ahead: 1, wait_ms: 10 } };
const WON: Answer<Ruling> = { ok: true, body: { state: 'won', order_id: 'o1', sale_id: 's1', replay: false } };
const refusal = (code: string): Answer<Ruling> => ({ ok: false, problem: { code } });

/** Follows a ticket; `answers` are what HTTP says, in turn; `silent` is the socket's silence at each look. */
async function whenFollowed(answers: Answer<Ruling>[], silent: number[] = []) {
  const end = new AbortController();
  const seen = { asked: 0, rulings: [] as string[], refused: 0, reached: [] as boolean[], pauses: [] as number[] };
  await follow('t1', {
    ask: async () => {
      seen.asked += 1;
      return answers.shift() ?? refusal('unreachable');
    },
    silentForMs: () => silent.shift() ?? Infinity,
    ruled: (ruling) => {
      seen.rulings.push(ruling.state);
      if (ruling.state !== 'queued') end.abort();
    },
    refused: () => void (seen.refused += 1),
    reached: (answered) => void seen.reached.push(answered),
    pause: async (ms) => void seen.pauses.push(ms),
    signal: end.signal,
  });
  return seen;
}

describe('following a ticket', () => {
  test('asks over HTTP while the socket is down, until the end', async () => {
    const seen = await whenFollowed([QUEUED, WON]);
    expect(seen.rulings).toEqual(['queued', 'won']);
  });

  test('leaves it to the socket while that speaks, and asks as soon as it falls silent', async () => {
    const seen = await whenFollowed([WON], [0, 3_000, 3_999, 4_000]);
    expect(seen.asked).toBe(1);
    expect(seen.pauses.slice(0, 3)).toEqual([250, 250, 250]);
  });

  test('asks slower while nobody answers, says so, and recovers', async () => {
    const seen = await whenFollowed([refusal('unreachable'), refusal('unreachable'), refusal('internal'), QUEUED, WON]);
    expect(seen.pauses.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 1_000]);
    expect(seen.reached).toEqual([false, false, true, true, true]);
  });

  test('waits as long as the server says', async () => {
    const limited: Answer<Ruling> = { ok: false, problem: { code: 'rate-limited', retryAfterMs: 12_345 } };
    const seen = await whenFollowed([limited, WON]);
    expect(seen.pauses[0]).toBe(12_345);
  });

  test('ends at a ticket that the server does not know', async () => {
    const seen = await whenFollowed([refusal('bad-ticket'), WON]);
    expect(seen).toMatchObject({ asked: 1, refused: 1, rulings: [] });
  });
});
