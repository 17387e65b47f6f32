/** A sale as it happens: figures, charts, and the check that must always hold. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { count } from '../shared/format.ts';
import type { Traffic } from './api.ts';
import { audit, auditWords } from './books.ts';
import { Chart, type ChartLine } from './chart.tsx';
import * as m from './messages.gen.ts';
import { timeOfDay } from './moment.ts';
import { PartitionPanel } from './partitions.tsx';
import { StockMeter } from './pieces.tsx';
import { sum, type Rate } from './rates.ts';
import { address } from './route.ts';
import { Table } from './table.tsx';
import { STALE_MS, type Watch } from './watch.ts';
import { causeWords, refusalWords } from './words.ts';

/** Rates in figures are the mean of so many ms: calm enough to read. */
const RATE_OVER_MS = 5_000;

const CHARTS: { title: () => string; lines: ChartLine[] }[] = [
  {
    title: m.chartPurchases,
    lines: [
      { line: 'accepted', label: m.lineAccepted, colour: '--accent' },
      { line: 'refused', label: m.lineRefused, colour: '--fault', dash: [6, 4] },
    ],
  },
  { title: m.chartStock, lines: [{ line: 'remaining', label: m.lineRemaining, colour: '--accent' }] },
  { title: m.chartBacklog, lines: [{ line: 'backlog', label: m.lineBacklog, colour: '--accent' }] },
  {
    title: m.chartTimes,
    lines: [
      { line: 'wait', label: m.lineWait, colour: '--accent' },
      { line: 'p50', label: m.lineP50, colour: '--ink', dash: [2, 3] },
      { line: 'p99', label: m.lineP99, colour: '--warn', dash: [8, 4] },
    ],
  },
];

/** Whether what is shown is fresh, and how old it is when it is not. Turning old and fresh again is read out, the age is not. */
export function Freshness({ watch }: { watch: Watch }) {
  const isStale = watch.ageMs.value > STALE_MS;
  const turned = useSignal<boolean | undefined>(undefined);
  useEffect(() => {
    if (isStale || turned.peek() !== undefined) turned.value = isStale;
  }, [isStale]);
  return (
    <>
      <span class="freshness" data-stale={isStale}>
        {isStale ? m.staleChip({ n: Math.floor(watch.ageMs.value / 1000) }) : m.freshChip()}
      </span>
      <span class="spoken" role="status">
        {turned.value === undefined ? '' : turned.value ? m.staleSpoken() : m.freshSpoken()}
      </span>
    </>
  );
}

export function LiveView({ watch, children }: { watch: Watch; children: ComponentChildren }) {
  const held = useSignal(false);
  const traffic = watch.latest.value;
  if (!traffic) return null;
  const rate = watch.history.rate(RATE_OVER_MS);
  const isStale = watch.ageMs.value > STALE_MS;
  return (
    <div class="live" data-stale={isStale}>
      {isStale && <StaleNote watch={watch} traffic={traffic} />}
      <Check traffic={traffic} />
      <Tiles traffic={traffic} rate={rate} />
      <section>
        <div class="row between">
          <h2>{m.chartsTitle()}</h2>
          <button type="button" class="quiet" onClick={() => (held.value = !held.value)}>
            {held.value ? m.chartsGo() : m.chartsHold()}
          </button>
        </div>
        <div class="charts" data-held={held.value}>
          {CHARTS.map(({ title, lines }) => (
            <Chart key={lines[0]?.line} title={title()} lines={lines} history={watch.history} samples={watch.samples} held={held.value} />
          ))}
        </div>
      </section>
      <div class="panels">
        <Refusals traffic={traffic} rate={rate} />
        {children}
        {traffic.partition ? <PartitionPanel partition={traffic.partition} /> : <p class="panel label">{m.partitionUnknown()}</p>}
      </div>
    </div>
  );
}

function StaleNote({ watch, traffic }: { watch: Watch; traffic: Traffic }) {
  const why = watch.problem.value ? refusalWords(watch.problem.value) : '';
  return <p class="stale-note">{m.staleText({ time: timeOfDay(Date.parse(traffic.server_time)), why })}</p>;
}

function Check({ traffic: { books } }: { traffic: Traffic }) {
  const found = audit(books);
  return (
    <p class="check" data-audit={found} role={found === 'bad' ? 'alert' : undefined}>
      {auditWords(books)} <a href={address({ view: 'runbook', name: 'prove-a-sale' })}>{m.checkRunbook()}</a>
    </p>
  );
}

function Tiles({ traffic: { sale, accepted, refused, queue, verdict_ms, partition }, rate }: { traffic: Traffic; rate: Rate | undefined }) {
  // Who waits there may wait for another sale.
  const where = partition ? m.ofPartition({ number: String(partition.partition) }) : m.ofItsPartition();
  return (
    <dl class="tiles">
      <Tile name={m.tileLeft()} value={count(sale.remaining)} note={m.tileLeftOf({ stock: count(sale.stock), sold: count(sale.sold) })}>
        <StockMeter sale={sale} />
      </Tile>
      <Tile name={m.tileAccepted()} value={perSecond(rate?.accepted)} note={m.inTotal({ n: accepted })} />
      <Tile name={m.tileRefused()} value={perSecond(rate?.refused)} note={m.inTotal({ n: sum(refused) })} />
      <Tile name={m.tileBacklog({ where })} value={known(queue.purchases, count)} note={m.ofMost({ most: count(queue.purchases_max) })} />
      <Tile name={m.tileWait({ where })} value={known(queue.wait_ms, milliseconds)} note={m.ofMost({ most: milliseconds(queue.wait_max_ms) })} />
      <Tile name={m.tileVerdict()} value={verdict_ms ? `${milliseconds(verdict_ms.p50)} · ${milliseconds(verdict_ms.p99)}` : '–'} note={verdict_ms ? m.verdictHint() : m.verdictNone()} />
    </dl>
  );
}

function Tile({ name, value, note, children }: { name: string; value: string; note: string; children?: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd class="figure number">{value}</dd>
      <dd class="label">{note}</dd>
      {children && <dd>{children}</dd>}
    </div>
  );
}

function Refusals({ traffic: { refused, doors }, rate }: { traffic: Traffic; rate: Rate | undefined }) {
  const causes = Object.entries(refused)
    .filter(([, total]) => total > 0)
    .sort(([, a], [, b]) => b - a);
  return (
    <section class="panel">
      <h2>{m.refusedTitle()}</h2>
      {causes.length === 0 ? (
        <p class="label">{m.refusedNone()}</p>
      ) : (
        <Table
          caption={m.refusedTitle()}
          rows={causes}
          keyOf={([cause]) => cause}
          columns={[
            { head: m.colCause(), cell: ([cause]) => causeWords(cause) },
            { head: m.colPerSecond(), cell: ([cause]) => perSecond(rate?.byCause[cause]), numeric: true },
            { head: m.colTotal(), cell: ([, total]) => count(total), numeric: true },
          ]}
        />
      )}
      <p class="label">{m.doors({ n: doors })}</p>
    </section>
  );
}

export const known = (figure: number | null, words: (figure: number) => string): string => (figure === null ? m.notKnown() : words(figure));

/** Below ten with a decimal, for then it matters. */
export function perSecond(rate: number | undefined): string {
  if (rate === undefined) return '–';
  return m.perSecond({ rate: count(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate)) });
}

export function milliseconds(ms: number): string {
  return ms < 10_000 ? `${count(ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms))} ms` : `${count(Math.round(ms / 1000))} s`;
}
