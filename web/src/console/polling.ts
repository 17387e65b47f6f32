import { useEffect } from 'preact/hooks';

/** Looks now, and again so many ms after each answer: while one is waited for, none is added. Gives the way to stop. */
export function poll(look: () => Promise<unknown>, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLeft = false;
  async function again() {
    await look();
    if (!isLeft) timer = setTimeout(again, everyMs);
  }
  void again();
  return () => {
    isLeft = true;
    clearTimeout(timer);
  };
}

/** For as long as the view stands. */
export function usePolling(look: () => Promise<unknown>, everyMs: number) {
  useEffect(() => poll(look, everyMs), []);
}
