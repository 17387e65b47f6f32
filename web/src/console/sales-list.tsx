/** All sales, by state. */
import { useSignal } from '@preact/signals';
import { count, money } from '../shared/format.ts';
import type { Problem, Sale, When } from './api.ts';
import type { Desk } from './desk.ts';
import * as m from './messages.gen.ts';
import { Moment, StateBadge, StockMeter, Trouble } from './pieces.tsx';
import { usePolling } from './polling.ts';
import { address } from './route.ts';
import { Table, type Column } from './table.tsx';

/** How often the lists are asked for, in ms. */
const ASK_EVERY_MS = 5_000;
/** The most that the server tells in one list. */
const LIST_MAX = 100;

const LISTS: Record<When, () => string> = { active: m.salesActive, upcoming: m.salesUpcoming, ended: m.salesEnded };

export function SalesList({ desk }: { desk: Desk }) {
  return (
    <section class="lists">
      <div class="row between">
        <h1 tabIndex={-1}>{m.salesTitle()}</h1>
        <span class="row">
          <a class="quiet" href={address({ view: 'new-product' })}>
            {m.newProduct()}
          </a>
          <a class="main" href={address({ view: 'new-sale' })}>
            {m.newSale()}
          </a>
        </span>
      </div>
      {(Object.keys(LISTS) as When[]).map((when) => (
        <List key={when} desk={desk} when={when} />
      ))}
    </section>
  );
}

function List({ desk, when }: { desk: Desk; when: When }) {
  const sales = useSignal<Sale[] | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  async function look() {
    const answer = await desk.api.sales(when);
    problem.value = answer.ok ? undefined : answer.problem;
    if (answer.ok) sales.value = answer.body.sales;
  }
  usePolling(look, ASK_EVERY_MS);
  const rows = sales.value;
  return (
    <section>
      <h2>
        {LISTS[when]()} <span class="label number">{rows && count(rows.length)}</span>
      </h2>
      {problem.value && <Trouble problem={problem.value} retry={look} />}
      {rows === undefined && !problem.value && <p class="label">{m.loading()}</p>}
      {rows?.length === 0 && <p class="label">{m.salesNone()}</p>}
      {rows !== undefined && rows.length > 0 && <Table caption={LISTS[when]()} columns={columns()} rows={rows} keyOf={({ id }) => id} />}
      {rows !== undefined && rows.length >= LIST_MAX && <p class="label">{m.salesMost({ n: LIST_MAX })}</p>}
    </section>
  );
}

const columns = (): Column<Sale>[] => [
  { head: m.colProduct(), cell: ({ id, product }) => <a href={address({ view: 'sale', sale: id, part: 'live' })}>{product.name}</a> },
  { head: m.colState(), cell: ({ state }) => <StateBadge state={state} /> },
  { head: m.colLeft(), cell: (sale) => <Left sale={sale} />, numeric: true },
  { head: m.colPrice(), cell: ({ price }) => money(price), numeric: true },
  { head: m.starts(), cell: ({ starts_at }) => <Moment time={starts_at} /> },
  { head: m.ends(), cell: ({ ends_at }) => <Moment time={ends_at} /> },
];

function Left({ sale }: { sale: Sale }) {
  return (
    <span class="left">
      {count(sale.remaining)} / {count(sale.stock)}
      <StockMeter sale={sale} />
    </span>
  );
}
