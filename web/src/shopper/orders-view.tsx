/** Everything that the shopper has bought here. */
import { useEffect } from 'preact/hooks';
import type { Order, Sale } from '../shared/api.ts';
import { localTime, money } from '../shared/format.ts';
import * as shared from '../shared/messages.gen.ts';
import { problemWords } from '../shared/problems.ts';
import { identity } from '../shared/session.ts';
import { SignInForm } from '../shared/sign-in.tsx';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import { OrderNumber } from './outcome.tsx';
import type { Shop } from './shop.ts';

export function OrdersView({ shop }: { shop: Shop }) {
  const who = shop.session.who.value;
  useEffect(() => {
    // Also when nobody knows who is here: the answer tells.
    if (who !== 'nobody') void shop.orders.load();
  }, [identity(who)]);
  return (
    <div class="orders">
      <h1>{m.myOrders()}</h1>
      {who === 'nobody' ? <SignInFirst shop={shop} /> : <List shop={shop} />}
    </div>
  );
}

function SignInFirst({ shop }: { shop: Shop }) {
  return (
    <>
      <p>{m.ordersSignIn()}</p>
      <SignInForm session={shop.session} register done={() => {}} />
    </>
  );
}

function List({ shop }: { shop: Shop }) {
  const { orders, sales, problem, hasMore } = shop.orders;
  return (
    <>
      {orders.value?.length === 0 && (
        <p>
          {m.ordersNone()}{' '}
          <Link shop={shop} to={{ at: 'sales' }}>
            {m.seeSales()}
          </Link>
        </p>
      )}
      {orders.value === undefined && problem.value === undefined && <p>{m.openingText()}</p>}
      <ul>
        {orders.value?.map((order) => (
          <OneOrder key={order.id} shop={shop} order={order} sale={sales.value.get(order.sale_id)} />
        ))}
      </ul>
      {problem.value && (
        <p class="fault" role="alert">
          {problemWords(problem.value)}
        </p>
      )}
      {(hasMore.value || problem.value) && (
        <button type="button" class="quiet" onClick={hasMore.value ? shop.orders.more : shop.orders.load}>
          {problem.value ? shared.tryNow() : m.showMore()}
        </button>
      )}
    </>
  );
}

function OneOrder({ shop, order, sale }: { shop: Shop; order: Order; sale: Sale | undefined }) {
  return (
    <li>
      <h2>
        <Link shop={shop} to={{ at: 'sale', sale: order.sale_id }}>
          {sale?.product.name ?? m.aProduct()}
        </Link>
      </h2>
      {sale && <span class="cost">{money(sale.price)}</span>}
      <p class="when">
        {order.cancelled_at ? m.orderCancelled({ time: localTime(order.cancelled_at, shop.now.peek()) }) : m.orderedAt({ time: localTime(order.ordered_at, shop.now.peek()) })}
      </p>
      <OrderNumber id={order.id} />
    </li>
  );
}
