/** A question in front of the page. The browser's own dialog keeps the focus inside, and Escape means no. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  title: string;
  /** Told when the dialog was left without an answer. */
  dismissed: () => void;
  children: ComponentChildren;
}

/** Open as long as it is rendered; the focus goes back to where it was. */
export function Dialog({ title, dismissed, children }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  // Before anything else happens: the next key must not go to a page without focus.
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        dismissed();
      }}
      onClose={(event) => {
        // Browsers let nobody prevent a second Escape; who must answer is asked again.
        if (event.currentTarget.isConnected) event.currentTarget.showModal();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
