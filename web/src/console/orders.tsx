/** What a sale sold. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { count } from '../shared/format.ts';
import { csvAddress, type Order, type Problem } from './api.ts';
import { AskWhy } from './commands.tsx';
import type { Desk } from './desk.ts';
import * as m from './messages.gen.ts';
import { openPages } from './pages.ts';
import { Code, Listed, Moment, TicketLink, Trouble } from './pieces.tsx';
import { Table, type Column } from './table.tsx';

export function Orders({ desk, sale }: { desk: Desk; sale: string }) {
  const pages = useMemo(() => openPages((cursor) => desk.api.orders(sale, cursor)), [sale]);
  const asked = useSignal<Order | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  useEffect(() => void pages.reload(), [pages]);

  /** The browser saves the file itself, however large; whether there is one to save is asked before. */
  async function download() {
    const answer = await desk.api.orders(sale);
    problem.value = answer.ok ? undefined : answer.problem;
    if (!answer.ok) return;
    const link = Object.assign(document.createElement('a'), { href: csvAddress(sale), download: '' });
    link.click();
    desk.tell(m.csvBegun());
  }

  const left = () => void (asked.value = undefined);
  const cancelled = () => {
    left();
    desk.tell(m.doneCancel());
    void pages.reload();
  };
  return (
    <section>
      <div class="row between">
        <h2>{m.ordersTitle()}</h2>
        <span class="row">
          <button type="button" class="quiet" onClick={() => void pages.reload()}>
            {m.reload()}
          </button>
          <button type="button" class="quiet" onClick={() => void download()}>
            {m.csv()}
          </button>
        </span>
      </div>
      {problem.value && <Trouble problem={problem.value} />}
      <Listed pages={pages} none={m.ordersNone()}>
        {(rows) => <Table caption={m.ordersCaption({ rows: count(rows.length) })} columns={columns((order) => (asked.value = order))} rows={rows} keyOf={({ id }) => id} />}
      </Listed>
      {asked.value && <CancelDialog desk={desk} order={asked.value.id} left={left} done={cancelled} />}
    </section>
  );
}

export function CancelDialog({ desk, order, left, done }: { desk: Desk; order: string; left: () => void; done: () => void }) {
  return <AskWhy desk={desk} wish={`cancel ${order}`} title={m.cancelTitle()} text={m.cancelText({ order })} act={m.cancelDo()} send={(key, why) => desk.api.cancelOrder(order, key, why)} left={left} done={done} />;
}

const columns = (cancel: (order: Order) => void): Column<Order>[] => [
  { head: m.colOrder(), cell: ({ id }) => <TicketLink ticket={id} /> },
  { head: m.colShopper(), cell: ({ shopper_id }) => <Code text={shopper_id} /> },
  { head: m.colOrdered(), cell: ({ ordered_at }) => <Moment time={ordered_at} /> },
  { head: m.colStanding(), cell: (order) => <Standing order={order} cancel={cancel} /> },
];

function Standing({ order, cancel }: { order: Order; cancel: (order: Order) => void }) {
  if (order.cancelled_at) {
    return (
      <>
        {m.colCancelled()} <Moment time={order.cancelled_at} />
      </>
    );
  }
  return (
    <>
      {m.stands()}{' '}
      <button type="button" class="link" aria-label={m.cancelOrderNamed({ order: order.id })} onClick={() => cancel(order)}>
        {m.cancelOrder()}
      </button>
    </>
  );
}
