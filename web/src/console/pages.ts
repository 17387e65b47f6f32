/** A list that comes page by page, with a cursor that only leads forward: the way back is remembered. */
import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { Answer, Problem, Rows } from './api.ts';

export interface Pages<Row> {
  /** Absent until the first answer. */
  rows: ReadonlySignal<readonly Row[] | undefined>;
  problem: ReadonlySignal<Problem | undefined>;
  busy: ReadonlySignal<boolean>;
  /** From 1. */
  page: ReadonlySignal<number>;
  hasNext: ReadonlySignal<boolean>;
  next(): Promise<void>;
  back(): Promise<void>;
  /** The same page again. */
  reload(): Promise<void>;
}

type Cursor = string | undefined;

export function openPages<Row>(load: (cursor?: string) => Promise<Answer<Rows<Row>>>): Pages<Row> {
  const rows = signal<readonly Row[] | undefined>(undefined);
  const problem = signal<Problem | undefined>(undefined);
  const busy = signal(false);
  const page = signal(1);
  const hasNext = signal(false);
  /** Where each page up to the one that is shown begins. */
  let way: Cursor[] = [undefined];
  let following: Cursor;
  let asked = 0;

  async function show(wanted: Cursor[]) {
    const mine = (asked += 1);
    busy.value = true;
    const answer = await load(wanted.at(-1));
    // Somebody has pressed again meanwhile.
    if (mine !== asked) return;
    batch(() => {
      busy.value = false;
      problem.value = answer.ok ? undefined : answer.problem;
      if (!answer.ok) return;
      way = wanted;
      following = answer.body.next;
      rows.value = answer.body.rows;
      page.value = way.length;
      hasNext.value = following !== undefined;
    });
  }

  return {
    ...{ rows, problem, busy, page, hasNext },
    next: async () => (following === undefined ? undefined : show([...way, following])),
    back: async () => (way.length > 1 ? show(way.slice(0, -1)) : undefined),
    reload: () => show(way),
  };
}
