/** Who did what, why, and what came of it: to one sale, or to all. */
import { useEffect, useMemo } from 'preact/hooks';
import type { OperatorAction } from './api.ts';
import type { Desk } from './desk.ts';
import * as m from './messages.gen.ts';
import { openPages } from './pages.ts';
import { Listed, Moment, SaleLink } from './pieces.tsx';
import { Table, type Column } from './table.tsx';
import { actionWords, rulingWords, termsOf } from './words.ts';

export function AuditView({ desk }: { desk: Desk }) {
  return (
    <section>
      <h1 tabIndex={-1}>{m.auditTitle()}</h1>
      <AuditTrail desk={desk} sale={undefined} />
    </section>
  );
}

export function AuditTrail({ desk, sale }: { desk: Desk; sale: string | undefined }) {
  const pages = useMemo(() => openPages((cursor) => desk.api.audit(sale, cursor)), [sale]);
  // What was just done to the sale belongs in here.
  const told = desk.told.value;
  useEffect(() => void pages.reload(), [pages, told]);
  return (
    <Listed pages={pages} none={m.auditNone()}>
      {(rows) => <Table caption={m.auditCaption()} columns={columns(sale === undefined)} rows={rows} keyOf={({ partition, seq }) => `${partition}.${seq}`} />}
    </Listed>
  );
}

function columns(ofAll: boolean): Column<OperatorAction>[] {
  const shown: (Column<OperatorAction> | false)[] = [
    { head: m.colWhen(), cell: ({ decided_at }) => <Moment time={decided_at} /> },
    { head: m.colWho(), cell: ({ actor }) => actor },
    { head: m.colAction(), cell: ({ action }) => actionWords(action) },
    ofAll && { head: m.colSale(), cell: ({ sale_id }) => <SaleLink sale={sale_id} /> },
    { head: m.colTerms(), cell: ({ details }) => <Terms details={details} /> },
    { head: m.colReason(), cell: ({ reason }) => reason ?? '' },
    { head: m.colRuling(), cell: ({ ruling }) => rulingWords(ruling) },
  ];
  return shown.filter((column) => column !== false);
}

/** In the log's own words, but for moments and what has a name. */
function Terms({ details }: { details: OperatorAction['details'] }) {
  return (
    <span class="terms">
      {termsOf(details).map(([name, value]) => (
        <span key={name} class="term">
          <span class="label">{name}</span> {value}
        </span>
      ))}
    </span>
  );
}
