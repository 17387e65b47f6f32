/** One sale: what it is, until when, and what can be done. */
import type { Sale } from '../shared/api.ts';
import { localTime, money, timeZone } from '../shared/format.ts';
import { BuyPanel } from './buy-panel.tsx';
import * as m from './messages.gen.ts';
import { Notice } from './notice.tsx';
import type { Shop } from './shop.ts';
import { SALE_STATES } from './words.ts';

export function SaleView({ shop, id }: { shop: Shop; id: string }) {
  const sale = shop.sale.value;
  const phase = shop.catalogue.phase.value;
  if (sale?.id !== id || phase !== 'open') return <Notice shop={shop} phase={phase === 'open' ? 'opening' : phase} />;
  return (
    <article class="sale" data-state={sale.state}>
      <About sale={sale} />
      <BuyPanel shop={shop} sale={sale} />
      <Terms sale={sale} />
    </article>
  );
}

function About({ sale }: { sale: Sale }) {
  return (
    <div class="about">
      <p class="state">{SALE_STATES[sale.state]()}</p>
      <h1>{sale.product.name}</h1>
      <p class="price">
        <strong>{money(sale.price)}</strong> <span>{m.limit({ n: sale.unit_limit })}</span>
      </p>
    </div>
  );
}

function Terms({ sale }: { sale: Sale }) {
  const asOf = Date.parse(sale.server_time);
  return (
    <dl class="terms">
      <dt>{asOf < Date.parse(sale.starts_at) ? m.opens() : m.opened()}</dt>
      <dd>
        <time dateTime={sale.starts_at}>{localTime(sale.starts_at, asOf)}</time>
      </dd>
      <dt>{sale.state === 'closed' ? m.plannedEnd() : asOf < Date.parse(sale.ends_at) ? m.ends() : m.ended()}</dt>
      <dd>
        <time dateTime={sale.ends_at}>{localTime(sale.ends_at, asOf)}</time>
      </dd>
      <dt>{m.yourTimeZone()}</dt>
      <dd>{timeZone()}</dd>
    </dl>
  );
}
