/** How to learn of the verdict without looking at this page: by a link, by a notification. */
import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import { addressOf } from './address.ts';
import * as m from './messages.gen.ts';
import { allowed, askToNotify } from './notify.ts';

/** A link to a ticket: whoever has it sees how the purchase ends. */
export function Elsewhere({ sale, ticket }: { sale: string; ticket: string }) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const copied = useSignal(false);
  const link = new URL(addressOf({ at: 'ticket', ticket, sale }), location.href).href;

  async function copy() {
    field.current?.select();
    // Pages without TLS may not; what is selected can be copied by hand.
    await navigator.clipboard?.writeText(link).then(() => (copied.value = true), () => {});
  }

  return (
    <details class="elsewhere">
      <summary>{m.elsewhere()}</summary>
      <label for={id} class="hint">
        {m.elsewhereText()}
      </label>
      <p class="field">
        <input ref={field} id={id} readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
      </p>
      <button type="button" class="quiet" onClick={copy}>
        {copied.value ? m.copied() : m.copyLink()}
      </button>
    </details>
  );
}

export function Notify() {
  switch (allowed.value) {
    case 'none':
      return null;
    case 'granted':
      return <p class="hint">{m.notifyOn()}</p>;
    case 'denied':
      return <p class="hint">{m.notifyDenied()}</p>;
    case 'default':
      return (
        <button type="button" class="quiet" onClick={askToNotify}>
          {m.notifyMe()}
        </button>
      );
  }
}
