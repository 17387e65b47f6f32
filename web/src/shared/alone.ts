/** One tab at a time. */
import { browserStorage } from './storage.ts';

/** A claim holds for this long, in ms: as long as one request is waited for. A tab that is closed keeps others waiting no longer. */
const CLAIM_MS = 10_000;
/** How long after a claim it is looked at again, in ms: another tab may have claimed at the same moment. */
const LOOK_MS = 60;

type Pause = (ms: number) => Promise<void>;
const pause: Pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Does some work while no other tab of this shop does work of the same name. `work` must not throw.
 * Where the browser has no locks, as on plain-http addresses, a claim in its storage makes an overlap unlikely.
 */
export async function alone<T>(name: string, work: () => Promise<T>, storage = browserStorage()): Promise<T> {
  let done: Promise<T> | undefined;
  const once = () => (done ??= work());
  try {
    // A browser that forbids storage refuses locks, too.
    if (navigator.locks) return await navigator.locks.request(name, once);
  } catch {
    if (done) return done;
  }
  return claimed(name, once, storage);
}

async function claimed<T>(name: string, work: () => Promise<T>, storage: Storage | undefined): Promise<T> {
  const mine = String(Math.random());
  try {
    while (storage && !(await claim(name, mine, storage))) await pause(LOOK_MS);
  } catch {
    // Full or forbidden: nothing is kept here that tabs could share.
  }
  const result = await work();
  if (holder(name, storage) === mine) storage?.removeItem(name);
  return result;
}

async function claim(name: string, mine: string, storage: Storage): Promise<boolean> {
  if (holder(name, storage) !== undefined) return false;
  storage.setItem(name, `${mine} ${Date.now() + CLAIM_MS}`);
  await pause(LOOK_MS);
  return holder(name, storage) === mine;
}

/** Whose claim holds now. */
function holder(name: string, storage: Storage | undefined): string | undefined {
  const [who, until] = storage?.getItem(name)?.split(' ') ?? [];
  const leftMs = Number(until) - Date.now();
  // A claim that holds for longer was made before the clock was set.
  return leftMs > 0 && leftMs <= CLAIM_MS ? who : undefined;
}
