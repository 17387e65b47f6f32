/** A form that presses: fields, a reason, what becomes of the press, and a way back. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Dialog } from '../shared/dialog.tsx';
import { Field, focusFirstFault } from '../shared/field.tsx';
import { LIMITS } from './limits.gen.ts';
import * as m from './messages.gen.ts';
import type { Press, PressState } from './press.ts';
import { refusalWords } from './words.ts';

export interface PressFormProps<Body, Done> {
  press: Press<Body, Done>;
  /** What to send; nothing while something in the form is wrong. */
  body: () => Body | undefined;
  act: string;
  done: (body: Done) => void;
  /** Leaves the form. */
  left: () => void;
  /** The fields; told whether the form was sent, so that they show what is wrong. */
  children?: (sent: boolean) => ComponentChildren;
  /** What else can be done about a refusal. */
  remedy?: ComponentChildren;
}

export function PressForm<Body, Done>({ press, body, act, done, left, children, remedy }: PressFormProps<Body, Done>) {
  const sent = useSignal(false);
  const state = press.state.value;
  const isBusy = state.at === 'sending' || state.at === 'under-way';
  useEffect(() => {
    if (state.at === 'done') done(state.body);
  }, [state]);
  useEffect(() => press.leave, []);

  const wanted = body();
  const repeats = wanted !== undefined && press.repeats(wanted);

  function submit(form: HTMLFormElement) {
    sent.value = true;
    if (wanted !== undefined) return void press.press(wanted);
    focusFirstFault(form);
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
    >
      {children?.(sent.value)}
      <PressNote state={state} repeats={repeats} remedy={remedy} />
      <p class="row">
        <button type="submit" class="main" aria-disabled={isBusy}>
          {isBusy ? m.sending() : state.at === 'open' && repeats ? m.tryAgain() : act}
        </button>
        <button type="button" class="quiet" aria-disabled={!mayLeave(press)} onClick={() => mayLeave(press) && left()}>
          {m.back()}
        </button>
      </p>
    </form>
  );
}

/** Not while it is on its way: whoever left would not be told what came of it. The answer, or that there is none, comes within seconds. */
const mayLeave = ({ state }: Press<never, unknown>) => state.value.at !== 'sending';

function PressNote<Done>({ state, repeats, remedy }: { state: PressState<Done>; repeats: boolean; remedy: ComponentChildren }) {
  return (
    <div class="press-note" role="alert">
      {state.at === 'under-way' && <p class="under-way">{m.underWay()}</p>}
      {(state.at === 'open' || state.at === 'refused') && <p class="fault">{refusalWords(state.problem)}</p>}
      {state.at === 'open' && <p class="hint">{repeats ? m.pressAgain() : m.pressAnew()}</p>}
      {state.at === 'refused' && remedy}
    </div>
  );
}

/** The same in front of the page. */
export function PressDialog<Body, Done>({ title, text, ...form }: PressFormProps<Body, Done> & { title: string; text: string }) {
  return (
    <Dialog title={title} dismissed={() => mayLeave(form.press) && form.left()}>
      <p class="dialog-text">{text}</p>
      <PressForm {...form} />
    </Dialog>
  );
}

export function ReasonField({ value, change, fault, sent }: { value: string; change: (value: string) => void; fault: string | undefined; sent: boolean }) {
  return <Field name="reason" label={m.reason()} value={value} change={change} fault={fault} hint={m.reasonHint()} sent={sent} maxLength={LIMITS.Why.reason.maxLength} />;
}
