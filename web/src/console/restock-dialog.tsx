import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { Field } from '../shared/field.tsx';
import { count } from '../shared/format.ts';
import type { Restock, Sale } from './api.ts';
import type { Desk } from './desk.ts';
import { LIMITS } from './limits.gen.ts';
import * as m from './messages.gen.ts';
import { wishOf } from './press.ts';
import { PressDialog, ReasonField } from './press-form.tsx';
import { reasonFault, stockFault, withReason } from './terms.ts';

export interface RestockDialogProps {
  desk: Desk;
  sale: Sale;
  left: () => void;
  done: (word: string) => void;
}

/** Sets the stock against the version that the operator saw when this opened, not against whatever it is by now. */
export function RestockDialog({ desk, sale, left, done }: RestockDialogProps) {
  const seen = useSignal(sale);
  const stock = useSignal(String(sale.stock));
  const reason = useSignal('');
  const press = useMemo(() => desk.presses.of<Restock, Sale>(wishOf('restock', sale), (key, body) => desk.api.restock(sale.id, key, body)), []);
  const { version, sold, remaining } = seen.value;
  const faults = { stock: stockFault(stock.value, sold), reason: reasonFault(reason.value) };

  const body = () => {
    if (faults.stock !== undefined || faults.reason !== undefined) return undefined;
    return withReason({ stock: Number(stock.value), version }, reason.value);
  };
  const lookAgain = (
    <button type="button" class="quiet" onClick={() => (seen.value = sale)}>
      {m.lookAgain()}
    </button>
  );
  return (
    <PressDialog
      {...{ press, body, left }}
      title={m.restockTitle()}
      text={m.restockText({ version: count(version), sold: count(sold), remaining: count(remaining) })}
      act={m.restockDo()}
      done={(now) => done(m.doneRestock({ stock: count(now.stock) }))}
      remedy={sale.version === version ? undefined : lookAgain}
    >
      {(sent) => (
        <>
          <Field
            {...{ name: 'stock', type: 'number', inputMode: 'numeric', required: true, sent, min: sold, max: LIMITS.Restock.stock.maximum }}
            label={m.stock()}
            value={stock.value}
            change={(value) => (stock.value = value)}
            fault={faults.stock}
            hint={faults.stock === undefined ? m.restockWillLeave({ n: Number(stock.value) - sold }) : undefined}
          />
          <ReasonField value={reason.value} change={(value) => (reason.value = value)} fault={faults.reason} sent={sent} />
        </>
      )}
    </PressDialog>
  );
}
