/** The shopper's orders in all sales, page by page, with what each was about. */
import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { Api, Order, Problem, Sale } from '../shared/api.ts';

export interface MyOrders {
  /** Undefined until they were told. */
  orders: ReadonlySignal<readonly Order[] | undefined>;
  /** The sales of these orders, as far as they are known. */
  sales: ReadonlySignal<ReadonlyMap<string, Sale>>;
  problem: ReadonlySignal<Problem | undefined>;
  hasMore: ReadonlySignal<boolean>;
  /** From the first page on. */
  load(): Promise<void>;
  more(): Promise<void>;
  forget(): void;
}

export function openMyOrders(api: Api, signedOut: () => void): MyOrders {
  const orders = signal<readonly Order[] | undefined>(undefined);
  const sales = signal<ReadonlyMap<string, Sale>>(new Map());
  const problem = signal<Problem | undefined>(undefined);
  const cursor = signal<string | undefined>(undefined);
  const hasMore = signal(false);
  let reading = 0;

  async function read(from: string | undefined) {
    reading += 1;
    const mine = reading;
    const answer = await api.orders(from);
    // Somebody else has signed in meanwhile, or asked again.
    if (mine !== reading) return;
    if (!answer.ok) {
      if (answer.problem.code === 'unauthorized') signedOut();
      problem.value = answer.problem;
      return;
    }
    const page = answer.body;
    batch(() => {
      problem.value = undefined;
      orders.value = [...(from === undefined ? [] : (orders.peek() ?? [])), ...page.orders];
      cursor.value = page.next_cursor ?? undefined;
      hasMore.value = cursor.peek() !== undefined;
    });
    await learnSales(page.orders);
  }

  /** An order names its sale by id alone. */
  async function learnSales(of: readonly Order[]) {
    const unknown = [...new Set(of.map(({ sale_id }) => sale_id))].filter((id) => !sales.peek().has(id));
    const answers = await Promise.all(unknown.map((id) => api.sale(id)));
    const found = answers.flatMap((answer) => (answer.ok ? [[answer.body.id, answer.body] as const] : []));
    sales.value = new Map([...sales.peek(), ...found]);
  }

  return {
    orders,
    sales,
    problem,
    hasMore,
    load: () => read(undefined),
    more: () => read(cursor.peek()),
    forget() {
      reading += 1;
      batch(() => {
        orders.value = undefined;
        problem.value = undefined;
        hasMore.value = false;
      });
    },
  };
}
