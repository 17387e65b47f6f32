/** A purchase that was made elsewhere, watched by its ticket. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Ruling } from '../shared/api.ts';
import { follow, type Following } from './follow.ts';

export type Watched = { state: 'opening' } | { state: 'unknown' } | Ruling;

export interface Followed {
  ticket: string;
  watched: ReadonlySignal<Watched>;
  /** A ruling from the live socket. */
  ruled(ticket: string, ruling: Ruling): void;
  /** Asks now, as long as nothing is known of it. */
  again(): void;
  close(): void;
}

export function openFollowed(ticket: string, tools: Pick<Following, 'ask' | 'silentForMs' | 'reached' | 'pause'>): Followed {
  const watched = signal<Watched>({ state: 'opening' });
  let end = new AbortController();

  function ruled(about: string, ruling: Ruling) {
    if (about !== ticket || end.signal.aborted) return;
    watched.value = ruling;
    if (ruling.state !== 'queued') end.abort();
  }

  function refused() {
    watched.value = { state: 'unknown' };
  }

  /** The first question is answered at once: until then the page has nothing to show. */
  function ask(...[about, holdS, signal]: Parameters<Following['ask']>) {
    return tools.ask(about, watched.peek().state === 'opening' ? 0 : holdS, signal);
  }

  function begin() {
    void follow(ticket, { ...tools, ask, refused, ruled: (ruling) => ruled(ticket, ruling), signal: end.signal });
  }

  function again() {
    if (watched.peek().state !== 'opening' || end.signal.aborted) return;
    end.abort();
    end = new AbortController();
    begin();
  }

  begin();
  return { ticket, watched, ruled, again, close: () => end.abort() };
}
