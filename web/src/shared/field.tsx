/** A labelled input that says what is wrong with it, below itself, once the reader has left it or sent the form. */
import { useSignal } from '@preact/signals';
import type { InputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';

export interface FieldProps {
  name: string;
  type?: 'text' | 'email' | 'password' | 'number' | 'datetime-local' | 'search';
  autocomplete?: string;
  inputMode?: 'email' | 'numeric' | 'decimal';
  min?: number | string;
  max?: number | string;
  step?: number | string;
  maxLength?: number;
  required?: boolean;
  /** A text of so many lines instead of one. */
  rows?: number;
  label: string;
  value: string;
  change: (value: string) => void;
  /** What is wrong with the value; nothing while it is right. */
  fault?: string | undefined;
  /** Always shown, such as the form that is expected. */
  hint?: string | undefined;
  /** The form was sent: a fault is shown although the field was never left. */
  sent?: boolean;
}

export function Field({ label, value, change, fault, hint, sent = false, type = 'text', rows, ...input }: FieldProps) {
  // The type is not known before the form runs, and each has attributes of its own.
  const Box = (rows === undefined ? 'input' : 'textarea') as 'input';
  const attributes = { ...input, ...(rows === undefined ? { type } : { rows }) } as InputHTMLAttributes;
  const id = useId();
  const left = useSignal(false);
  const shown = fault !== undefined && (left.value || sent) ? fault : undefined;

  function leave(next: EventTarget | null) {
    // A fault that appeared under a press would move the button away from it.
    if (!(next instanceof HTMLButtonElement)) left.value ||= value !== '';
  }

  return (
    <p class="field">
      <label for={id}>{label}</label>
      <Box
        {...attributes}
        id={id}
        value={value}
        data-faulty={fault !== undefined}
        aria-invalid={shown !== undefined}
        aria-describedby={`${id}-hint ${id}-fault`}
        onInput={(event) => change(event.currentTarget.value)}
        onBlur={(event) => leave(event.relatedTarget)}
      />
      <span class="below">
        <span id={`${id}-hint`} class="hint" hidden={shown !== undefined}>
          {hint}
        </span>
        <span id={`${id}-fault`} class="fault">
          {shown}
        </span>
      </span>
    </p>
  );
}

/** Brings the reader to the first field that is wrong, whether or not that is shown already. */
export function focusFirstFault(form: HTMLFormElement) {
  form.querySelector<HTMLElement>('[data-faulty=true]')?.focus();
}
