/** The HTTP API, typed by its description. Every call ends in an answer or a problem; none throws. */
import type { paths } from './api.gen.ts';

/** A refusal. `code` is the last part of the problem's type, or `unreachable` when nobody answered. */
export interface Problem {
  code: string;
  retryAfterMs?: number;
  requestId?: string;
  /** What was wrong with this request, in the server's words; English. */
  detail?: string;
}

export type Answer<T> = { ok: true; body: T } | { ok: false; problem: Problem };

type Method = 'get' | 'post' | 'patch' | 'delete';
/** The paths that know a method. */
type PathsOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, object> ? P : never }[keyof paths];
type Operation<M extends Method, P extends PathsOf<M>> = NonNullable<paths[P][M & keyof paths[P]]>;

type Json<R> = R extends { content: { 'application/json': infer Body } } ? Body : undefined;
type Success<O> = O extends { responses: infer R } ? { [Status in keyof R & (200 | 201 | 202 | 204)]: Json<R[Status]> } : never;
/** What an operation answers when it succeeds. */
export type Body<M extends Method, P extends PathsOf<M>> = Success<Operation<M, P>>[keyof Success<Operation<M, P>>];

type Parameters<O, Place extends string> = O extends { parameters: { [K in Place]?: infer T } } ? NonNullable<T> : never;
type Needs<Name extends string, T> = [T] extends [never] ? object : Record<never, never> extends T ? { [K in Name]?: T } : { [K in Name]: T };
type BodyOf<O> = O extends { requestBody?: { content: { 'application/json': infer T } } } ? T : never;
/** What a call must be given: parameters and body of its operation. */
type Request<O> = Needs<'path', Parameters<O, 'path'>> & Needs<'query', Parameters<O, 'query'>> & Needs<'header', Parameters<O, 'header'>> & Needs<'body', BodyOf<O>> & Conduct;

interface Conduct {
  /** Added to the patience of the call: how long the server was asked to hold its answer, in ms. */
  heldMs?: number;
  signal?: AbortSignal;
}

/** Longer than the server's own deadlines, so that its answer comes before we give up, in ms. */
const PATIENCE_MS = 10_000;

interface Given extends Conduct {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  header?: Record<string, string>;
  body?: unknown;
}

export type Client = <M extends Method, P extends PathsOf<M>>(
  method: M,
  path: P,
  ...given: Record<never, never> extends Request<Operation<M, P>> ? [Request<Operation<M, P>>?] : [Request<Operation<M, P>>]
) => Promise<Answer<Body<M, P>>>;

/** `hear` is told every `server_time`; of answers without one, refusals too, their date: late by up to a second, never early. */
export function createClient(hear: (serverTime: unknown) => void): Client {
  async function call(method: Method, path: string, { heldMs = 0, signal, ...given }: Given = {}): Promise<Answer<unknown>> {
    const gaveUp = new AbortController();
    const giveUp = () => gaveUp.abort();
    const timer = setTimeout(giveUp, PATIENCE_MS + heldMs);
    signal?.addEventListener('abort', giveUp);
    try {
      const response = await fetch(address(path, given), { ...request(method, given), signal: gaveUp.signal });
      const json: unknown = await response.json().catch(() => undefined);
      hearTime(response, json);
      if (!response.ok) return { ok: false, problem: problemOf(response, json) };
      // Done, or logged and not decided yet, with nothing to say.
      if (response.status === 204 || (response.status === 202 && !response.headers.has('content-type'))) return { ok: true, body: undefined };
      // A page in place of an answer: a network that wants a sign-in of its own.
      if (typeof json !== 'object' || json === null) return { ok: false, problem: { code: 'unreachable' } };
      return { ok: true, body: json };
    } catch {
      return { ok: false, problem: { code: 'unreachable' } };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }
  function hearTime(response: Response, json: unknown) {
    // A page in place of an answer is of somebody else, whose clock is not the server's.
    if (typeof json !== 'object' || json === null) return;
    hear('server_time' in json ? json.server_time : response.headers.get('date'));
  }
  // What is checked here by the types of `Client` is not checked again inside.
  return call as Client;
}

function address(path: string, { path: names = {}, query = {} }: Given): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ''));
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return asked.length > 0 ? `${filled}?${new URLSearchParams(asked.map(([name, value]) => [name, String(value)]))}` : filled;
}

function request(method: Method, { header, body }: Given): RequestInit {
  return {
    method: method.toUpperCase(),
    headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...header },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    // A cached body would carry an old server_time, and an old ruling.
    cache: 'no-store',
    credentials: 'same-origin',
  };
}

function problemOf(response: Response, json: unknown): Problem {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const type = typeof fields.type === 'string' ? fields.type : '';
  // A gateway's own error page has no type: nobody behind it answered.
  const code = type.split('/').pop() || (response.status === 500 ? 'internal' : response.status > 500 ? 'unreachable' : `http-${response.status}`);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = typeof fields.retry_after_ms === 'number' ? fields.retry_after_ms : seconds * 1000;
  return {
    code,
    ...(Number.isFinite(retryAfterMs) && { retryAfterMs }),
    ...(typeof fields.request_id === 'string' && { requestId: fields.request_id }),
    ...(typeof fields.detail === 'string' && { detail: fields.detail }),
  };
}
