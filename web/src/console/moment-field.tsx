/** A moment to type in the operator's own time, with UTC beside it. */
import { Field } from '../shared/field.tsx';
import { timeZone } from '../shared/format.ts';
import * as m from './messages.gen.ts';
import { instantOf, utc } from './moment.ts';

export interface MomentFieldProps {
  name: string;
  label: string;
  value: string;
  change: (value: string) => void;
  fault: string | undefined;
  sent: boolean;
}

export function MomentField(props: MomentFieldProps) {
  const ms = instantOf(props.value);
  const hint = ms === undefined ? m.localHint({ zone: timeZone() }) : m.isUtc({ zone: timeZone(), utc: utc(ms) });
  return <Field {...props} type="datetime-local" required hint={hint} />;
}
