import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { Field } from '../shared/field.tsx';
import type { ChangedTerms, Sale } from './api.ts';
import type { Desk } from './desk.ts';
import { LIMITS } from './limits.gen.ts';
import * as m from './messages.gen.ts';
import { inputOf, instantOf, secondsOf } from './moment.ts';
import { MomentField } from './moment-field.tsx';
import { wishOf } from './press.ts';
import { PressDialog, ReasonField } from './press-form.tsx';
import { checkChange, type ChangeDraft } from './terms.ts';

/** What a sale is often extended by, in minutes. */
const EXTENSIONS_MIN = [15, 60];

export function ChangeDialog({ desk, sale, left, done }: { desk: Desk; sale: Sale; left: () => void; done: () => void }) {
  // As it was when this opened: what the operator compares with.
  const seen = useMemo(() => sale, []);
  const draft = useSignal<ChangeDraft>({ starts: inputOf(secondsOf(seen.starts_at)), ends: inputOf(secondsOf(seen.ends_at)), unitLimit: String(seen.unit_limit), reason: '' });
  const press = useMemo(() => desk.presses.of<ChangedTerms, Sale>(wishOf('change', sale), (key, body) => desk.api.changeSale(sale.id, key, body)), []);
  const { faults, body } = checkChange(draft.value, seen, desk.clock.now());
  const set = (field: keyof ChangeDraft) => (value: string) => void (draft.value = { ...draft.peek(), [field]: value });

  function extend(minutes: number) {
    const ends = instantOf(draft.peek().ends);
    if (ends !== undefined) set('ends')(inputOf(ends + minutes * 60_000));
  }

  return (
    <PressDialog press={press} title={m.changeTitle()} text={m.changeText()} act={m.changeDo()} body={() => body} left={left} done={done}>
      {(sent) => (
        <>
          {seen.state === 'upcoming' && <MomentField name="starts" label={m.starts()} value={draft.value.starts} change={set('starts')} fault={faults.starts} sent={sent} />}
          <MomentField name="ends" label={m.ends()} value={draft.value.ends} change={set('ends')} fault={faults.ends} sent={sent} />
          <p class="row">
            {EXTENSIONS_MIN.map((n) => (
              <button key={n} type="button" class="quiet" onClick={() => extend(n)}>
                {m.plusMinutes({ n })}
              </button>
            ))}
          </p>
          <Field
            {...{ name: 'unit-limit', type: 'number', inputMode: 'numeric', required: true, sent, min: seen.unit_limit, max: LIMITS.ChangedTerms.unit_limit.maximum }}
            label={m.unitLimit()}
            value={draft.value.unitLimit}
            change={set('unitLimit')}
            fault={faults.unitLimit}
            hint={m.unitLimitHint()}
          />
          <ReasonField value={draft.value.reason} change={set('reason')} fault={faults.reason} sent={sent} />
        </>
      )}
    </PressDialog>
  );
}
