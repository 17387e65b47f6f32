/**
 * Purchases kept in this browser, one per sale, so that a reload or a second tab goes on with the same key.
 *
 * Nothing in here is a secret: a key works only with the session, which is in a cookie that scripts cannot read,
 * and a ticket only tells how a purchase ended.
 */
import { IDLE, type Purchase } from './purchase.ts';

const PREFIX = 'firstcome.purchase.';
/** A record of another shape is forgotten. */
const VERSION = 1;
/** Sales remembered; the oldest are forgotten first. */
const REMEMBERED = 50;

interface Kept {
  v: number;
  at: number;
  purchase: Purchase;
}

/** `localStorage`, or memory where the browser forbids it: then a reload forgets, and all else works. */
export function openKeep(storage: Storage | undefined) {
  const memory = new Map<string, string>();
  const get = (name: string) => memory.get(name) ?? storage?.getItem(name) ?? null;
  const set = (name: string, value: string) => {
    try {
      if (!storage) throw new Error('no storage');
      storage.setItem(name, value);
      memory.delete(name);
    } catch {
      memory.set(name, value);
    }
  };

  return {
    load: (saleId: string): Purchase => read(get(PREFIX + saleId))?.purchase ?? IDLE,
    save(saleId: string, purchase: Purchase, nowMs: number) {
      set(PREFIX + saleId, JSON.stringify({ v: VERSION, at: nowMs, purchase } satisfies Kept));
      if (storage) forgetOldest(storage);
    },
    /** Forgets the purchases of somebody who has gone, but for those to be gone on with; what tabs share only if told to. */
    forget(but: (purchase: Purchase) => boolean, everywhere: boolean) {
      const names = storage && everywhere ? Object.keys(storage).filter((name) => name.startsWith(PREFIX)) : [];
      for (const name of new Set([...names, ...memory.keys()])) {
        const kept = read(get(name));
        if (kept && but(kept.purchase)) continue;
        memory.delete(name);
        if (everywhere) storage?.removeItem(name);
      }
    },
    /** Calls back when another tab keeps something for this sale. */
    watch(saleId: string, changed: (purchase: Purchase) => void, signal: AbortSignal) {
      const hear = (event: StorageEvent) => {
        const kept = event.key === PREFIX + saleId ? read(event.newValue) : undefined;
        if (kept) changed(kept.purchase);
      };
      addEventListener('storage', hear, { signal });
    },
  };
}

export type Keep = ReturnType<typeof openKeep>;

function read(text: string | null): Kept | undefined {
  try {
    const kept = JSON.parse(text ?? 'null') as Kept | null;
    return kept?.v === VERSION && typeof kept.purchase.at === 'string' ? kept : undefined;
  } catch {
    return undefined;
  }
}

function forgetOldest(storage: Storage) {
  const names = Object.keys(storage).filter((name) => name.startsWith(PREFIX));
  if (names.length <= REMEMBERED) return;
  const age = (name: string) => read(storage.getItem(name))?.at ?? 0;
  names.sort((a, b) => age(a) - age(b));
  for (const name of names.slice(0, names.length - REMEMBERED)) storage.removeItem(name);
}
