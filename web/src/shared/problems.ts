/** What a refusal means to the person in front of the page. Both pages say the same of the same problem. */
import type { Problem } from './client.ts';
import * as m from './messages.gen.ts';

const WORDS: Record<string, () => string> = {
  unreachable: m.problemUnreachable,
  internal: m.problemInternal,
  busy: m.problemBusy,
  unavailable: m.problemUnavailable,
  halted: m.problemHalted,
  'rate-limited': m.problemRateLimited,
  unauthorized: m.problemUnauthorized,
  forbidden: m.problemForbidden,
  'wrong-credentials': m.problemWrongCredentials,
  'email-taken': m.problemEmailTaken,
  timeout: m.problemTimeout,
  invalid: m.problemInvalid,
  'bad-request': m.problemInvalid,
};

/** One or two sentences; a problem that nobody foresaw has some too. */
export function problemWords({ code, retryAfterMs }: Problem): string {
  const words = WORDS[code]?.() ?? m.problemElse({ code });
  return retryAfterMs === undefined ? words : `${words} ${m.comeBackIn({ n: Math.max(1, Math.ceil(retryAfterMs / 1000)) })}`;
}
