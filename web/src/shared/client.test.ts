import { afterEach, describe, expect, test, vi } from 'vitest';
import { shopperApi } from './api.ts';
import { createClient } from './client.ts';

afterEach(() => void vi.unstubAllGlobals());

/** An API whose server answers once with this, or not at all. */
function givenAServer(answer: Response | Error) {
  const fetch = vi.fn(async (_path: string, _init: RequestInit) => {
    if (answer instanceof Error) throw answer;
    return answer;
  });
  vi.stubGlobal('fetch', fetch);
  const heard: unknown[] = [];
  const call = createClient((time) => heard.push(time));
  return { api: shopperApi(call), call, fetch, heard };
}

const problem = (status: number, code: string, extra = {}, headers = {}) =>
  new Response(JSON.stringify({ type: `/problems/${code}`, title: code, status, ...extra }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });

describe('an answer', () => {
  test('is handed on, and sets the clock', async () => {
    const { api, heard } = givenAServer(Response.json({ id: 's1', server_time: '2026-11-21T12:00:00.000Z' }));
    expect(await api.sale('s1')).toEqual({ ok: true, body: { id: 's1', server_time: '2026-11-21T12:00:00.000Z' } });
    expect(heard).toEqual(['2026-11-21T12:00:00.000Z']);
  });

  test('is never taken from a cache', async () => {
    const { api, fetch } = givenAServer(Response.json({}));
    await api.sale('a/b');
    expect(fetch).toHaveBeenCalledWith('/v1/sales/a%2Fb', expect.objectContaining({ cache: 'no-store' }));
  });

  test('to a purchase was asked for with its key', async () => {
    const { api, fetch } = givenAServer(Response.json({ ticket: 't1', ahead: 0, wait_ms: 5 }, { status: 202 }));
    await api.purchase('s1', 'k1');
    const [path, init] = fetch.mock.calls[0]!;
    expect(path).toBe('/v1/sales/s1/purchases');
    expect(init).toMatchObject({ method: 'POST', body: '{"quantity":1}', headers: { 'Idempotency-Key': 'k1' } });
  });
});

test('a command that is logged and not decided yet is answered with nothing', async () => {
  const { call } = givenAServer(new Response(null, { status: 202 }));
  expect(await call('post', '/v1/sales/{sale}/pause', { path: { sale: 's1' }, body: {} })).toEqual({ ok: true, body: undefined });
});

test('an accepted purchase is never answered with nothing', async () => {
  const { api } = givenAServer(new Response('<h1>Sign in to this network</h1>', { status: 202, headers: { 'content-type': 'text/html' } }));
  expect(await api.purchase('s1', 'k1')).toEqual({ ok: false, problem: { code: 'unreachable' } });
});

describe('the date of an answer', () => {
  const DATE = 'Sat, 21 Nov 2026 12:00:00 GMT';

  test('sets the clock when it is a refusal, or tells no time of its own', async () => {
    const refused = givenAServer(problem(503, 'busy', {}, { date: DATE }));
    await refused.api.purchase('s1', 'k1');
    const plain = givenAServer(Response.json({}, { headers: { date: DATE } }));
    await plain.api.config();
    expect([refused.heard, plain.heard]).toEqual([[DATE], [DATE]]);
  });

  test('gives way to the time in it, which is exact', async () => {
    const { api, heard } = givenAServer(Response.json({ server_time: '2026-11-21T12:00:00.900Z' }, { headers: { date: DATE } }));
    await api.sale('s1');
    expect(heard).toEqual(['2026-11-21T12:00:00.900Z']);
  });

  test('of a page in place of an answer is nobody\'s here', async () => {
    const { api, heard } = givenAServer(new Response('<h1>Gateway</h1>', { status: 502, headers: { date: DATE } }));
    await api.sale('s1');
    expect(heard).toEqual([]);
  });
});

describe('a problem', () => {
  test('is known by its type, with the exact wait and the reference', async () => {
    const { api } = givenAServer(problem(503, 'busy', { retry_after_ms: 1_234, request_id: 'r1' }, { 'retry-after': '2' }));
    expect(await api.purchase('s1', 'k1')).toEqual({ ok: false, problem: { code: 'busy', retryAfterMs: 1_234, requestId: 'r1' } });
  });

  test('may tell the wait in the header alone', async () => {
    const { api } = givenAServer(problem(429, 'rate-limited', {}, { 'retry-after': '3' }));
    expect(await api.purchase('s1', 'k1')).toEqual({ ok: false, problem: { code: 'rate-limited', retryAfterMs: 3_000 } });
  });

  test.each([
    [500, 'internal'],
    [502, 'unreachable'],
    [504, 'unreachable'],
    [404, 'http-404'],
  ])('without a type, status %i, is "%s"', async (status, code) => {
    const { api } = givenAServer(new Response('<h1>Gateway</h1>', { status }));
    expect(await api.purchase('s1', 'k1')).toEqual({ ok: false, problem: { code } });
  });

  test('is what a broken network or a page in place of an answer becomes', async () => {
    const unreachable = { ok: false, problem: { code: 'unreachable' } };
    expect(await givenAServer(new TypeError('failed')).api.sale('s1')).toEqual(unreachable);
    expect(await givenAServer(new Response('<h1>Sign in to this network</h1>')).api.sale('s1')).toEqual(unreachable);
  });
});

test('a server that never answers is given up', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', (_path: string, { signal }: RequestInit) => {
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))));
  });
  const answer = shopperApi(createClient(() => {})).sale('s1');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await answer).toEqual({ ok: false, problem: { code: 'unreachable' } });
  vi.useRealTimers();
});
