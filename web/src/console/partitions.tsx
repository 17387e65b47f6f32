/** Where the partitions stand. */
import { useSignal } from '@preact/signals';
import { count } from '../shared/format.ts';
import { locale } from '../shared/language.ts';
import type { Partition, Problem } from './api.ts';
import type { Desk } from './desk.ts';
import * as m from './messages.gen.ts';
import { Code, Trouble } from './pieces.tsx';
import { usePolling } from './polling.ts';
import { address } from './route.ts';
import { Table, type Column } from './table.tsx';

/** How often they are asked for, in ms. */
const ASK_EVERY_MS = 2_000;

const LEASES: Record<Partition['lease'], () => string> = { held: m.leaseHeld, expired: m.leaseExpired, free: m.leaseFree };

export function Partitions({ desk }: { desk: Desk }) {
  const partitions = useSignal<Partition[] | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  async function look() {
    const answer = await desk.api.partitions();
    problem.value = answer.ok ? undefined : answer.problem;
    if (answer.ok) partitions.value = answer.body.partitions;
  }
  usePolling(look, ASK_EVERY_MS);
  return (
    <section>
      <h1 tabIndex={-1}>{m.partitionsTitle()}</h1>
      {problem.value && <Trouble problem={problem.value} retry={look} />}
      {partitions.value === undefined && !problem.value && <p class="label">{m.loading()}</p>}
      {partitions.value && <Table caption={m.partitionsTitle()} columns={columns()} rows={partitions.value} keyOf={(one) => String(one.partition)} />}
    </section>
  );
}

const columns = (): Column<Partition>[] => [
  { head: m.colPartition(), cell: ({ partition }) => partition },
  { head: m.condition(), cell: (one) => <Condition partition={one} /> },
  { head: m.owner(), cell: (one) => <Owner partition={one} /> },
  { head: m.lag(), cell: lag },
  { head: m.drain(), cell: ({ drain_per_s }) => m.perSecond({ rate: count(Math.round(drain_per_s)) }), numeric: true },
  { head: m.decidedTotal(), cell: ({ decided_total }) => count(decided_total), numeric: true },
  { head: m.epoch(), cell: ({ epoch }) => count(epoch), numeric: true },
  { head: m.heard(), cell: heard, numeric: true },
  { head: m.logSize(), cell: size },
];

/** One of them, beside the sale that lives in it. */
export function PartitionPanel({ partition }: { partition: Partition }) {
  return (
    <section class="panel">
      <h2>{m.partitionTitle({ number: String(partition.partition) })}</h2>
      <dl class="facts">
        <dt>{m.condition()}</dt>
        <dd>
          <Condition partition={partition} />
        </dd>
        <dt>{m.owner()}</dt>
        <dd>
          <Owner partition={partition} />
        </dd>
        <dt>{m.lag()}</dt>
        <dd>{lag(partition)}</dd>
        <dt>{m.drain()}</dt>
        <dd class="number">{m.perSecond({ rate: count(Math.round(partition.drain_per_s)) })}</dd>
        <dt>{m.heard()}</dt>
        <dd class="number">{heard(partition)}</dd>
      </dl>
    </section>
  );
}

function Owner({ partition: { owner, lease } }: { partition: Partition }) {
  return (
    <>
      {owner ? <Code text={owner} /> : m.ownerNone()} <span class="label">{LEASES[lease]()}</span>
    </>
  );
}

function Condition({ partition: { halted, stopped } }: { partition: Partition }) {
  if (!halted && !stopped) return <>{m.runs()}</>;
  return (
    <span class="trouble-text">
      <strong>{halted ? m.halted() : m.stoppedWord()}</strong>: {halted ?? stopped}{' '}
      <a href={address({ view: 'runbook', name: 'halted-partition' })}>{m.haltedRunbook()}</a>
    </span>
  );
}

const lag = ({ backlog, last_seq, cursor }: Partition) => `${m.lagOf({ n: backlog })}, ${m.lagRecords({ n: Math.max(0, last_seq - cursor) })}`;

const heard = ({ heard_ms_ago: ms }: Partition) => (ms === undefined || ms === null ? m.heardNever() : m.heardAgo({ time: ms < 10_000 ? `${count(ms)} ms` : `${count(Math.round(ms / 1000))} s` }));

const size = ({ log }: Partition) => (log ? m.logRecords({ n: log.records, size: bytes(log.bytes) }) : m.logUnknown());

function bytes(n: number): string {
  const megabytes = new Intl.NumberFormat(locale.value, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 });
  return megabytes.format(n / 1_000_000);
}
