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

export function Field({ label, value, change, fault, hint, sent = false, type = 'text', ...input }: FieldProps) {
  // The type is not known before the form runs, and each has attributes of its own.
  const attributes = { ...input, type } as InputHTMLAttributes;
  const id = useId();
  const left = useSignal(false);
  const shown = fault !== undefined && (left.value || sent) ? fault : undefined;
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input
        {...attributes}
        id={id}
        value={value}
        aria-invalid={shown !== undefined}
        aria-describedby={`${id}-hint ${id}-fault`}
        onInput={(event) => change(event.currentTarget.value)}
        onBlur={({ relatedTarget }) => {
          // Whoever presses a button must not see it move away under the pointer: sending shows faults anyway.
          if (!(relatedTarget instanceof HTMLButtonElement)) left.value ||= value !== '';
        }}
      />
      <span id={`${id}-hint`} class="hint">
        {hint}
      </span>
      <span id={`${id}-fault`} class="fault">
        {shown}
      </span>
    </p>
  );
}

/** Brings the reader to the first field that is wrong. */
export function focusFirstFault(form: HTMLFormElement) {
  form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
}
