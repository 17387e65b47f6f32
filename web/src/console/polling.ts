import { useEffect } from 'preact/hooks';

/** Looks now, and again so many ms after each answer: while one is waited for, none is added. */
export function usePolling(look: () => Promise<unknown>, everyMs: number) {
  useEffect(() => {
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
  }, []);
}
