/** A runbook of the documentation, as it is written; fetched when it is wanted. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as m from './messages.gen.ts';
import { address } from './route.ts';

const RUNBOOKS: Record<string, () => Promise<{ default: string }>> = {
  'halted-partition': () => import('../../../docs/runbooks/halted-partition.md?raw'),
  'lost-stream': () => import('../../../docs/runbooks/lost-stream.md?raw'),
  'prove-a-sale': () => import('../../../docs/runbooks/prove-a-sale.md?raw'),
  'restore-postgres': () => import('../../../docs/runbooks/restore-postgres.md?raw'),
};

export function Runbook({ name }: { name: string }) {
  const text = useSignal<string | undefined>(undefined);
  useEffect(() => {
    text.value = undefined;
    const found = Object.hasOwn(RUNBOOKS, name) ? RUNBOOKS[name] : undefined;
    // A file that is gone belongs to an older build: the page has to be loaded again.
    void found?.().then((file) => (text.value = file.default), () => location.reload());
  }, [name]);
  if (!Object.hasOwn(RUNBOOKS, name)) return <p class="notice">{m.runbookNone()}</p>;
  return (
    <section class="runbook">
      <h1 tabIndex={-1}>{m.runbookTitle()}</h1>
      <nav class="row" aria-label={m.runbookTitle()}>
        {Object.keys(RUNBOOKS).map((one) => (
          <a key={one} href={address({ view: 'runbook', name: one })} aria-current={one === name ? 'page' : undefined} lang="en">
            {one.replaceAll('-', ' ')}
          </a>
        ))}
      </nav>
      <p class="label">{m.runbookEnglish()}</p>
      {text.value === undefined ? <p class="label">{m.loading()}</p> : <pre lang="en">{text.value}</pre>}
    </section>
  );
}
