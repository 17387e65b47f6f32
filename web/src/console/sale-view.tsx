/** One sale: what it is, what can be done to it, and its parts. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { count, money } from '../shared/format.ts';
import { AuditTrail } from './audit.tsx';
import { Commands } from './commands.tsx';
import type { Desk } from './desk.ts';
import { Freshness, LiveView } from './live-view.tsx';
import * as m from './messages.gen.ts';
import { Orders } from './orders.tsx';
import { Code, Moment, StateBadge, Trouble } from './pieces.tsx';
import type { Sale } from './api.ts';
import { address, type SalePart } from './route.ts';
import { openWatch, type Watch } from './watch.ts';

const PARTS: Record<SalePart, () => string> = { live: m.partLive, orders: m.partOrders, audit: m.partAudit };

export function SaleView({ desk, sale: id, part }: { desk: Desk; sale: string; part: SalePart }) {
  const opened = useSignal<Watch | undefined>(undefined);
  useEffect(() => {
    const watch = openWatch(() => desk.api.traffic(id), { elapsed: () => performance.now(), shop: desk.clock.now });
    opened.value = watch;
    return () => watch.stop();
  }, [id]);

  const watch = opened.value;
  const sale = watch?.latest.value?.sale;
  if (!watch || !sale) {
    const problem = watch?.problem.value;
    return (
      <section>
        <h1 tabIndex={-1}>{m.termSale()}</h1>
        {problem ? <Trouble problem={problem} retry={watch?.hurry} /> : <p class="label">{m.loading()}</p>}
      </section>
    );
  }
  return (
    <section class="sale-view">
      <header class="sale-head">
        <div class="row">
          <h1 tabIndex={-1}>{sale.product.name}</h1>
          <StateBadge state={sale.state} />
          <Freshness watch={watch} />
        </div>
        <Commands desk={desk} sale={sale} done={watch.hurry} />
      </header>
      <nav class="parts" aria-label={m.saleParts()}>
        {(Object.keys(PARTS) as SalePart[]).map((one) => (
          <a key={one} href={address({ view: 'sale', sale: id, part: one })} aria-current={one === part ? 'page' : undefined}>
            {PARTS[one]()}
          </a>
        ))}
      </nav>
      {part === 'live' && (
        <LiveView watch={watch}>
          <Terms sale={sale} />
        </LiveView>
      )}
      {part === 'orders' && <Orders desk={desk} sale={id} />}
      {part === 'audit' && <AuditTrail desk={desk} sale={id} />}
    </section>
  );
}

function Terms({ sale }: { sale: Sale }) {
  return (
    <section class="panel">
      <h2>{m.termsTitle()}</h2>
      <dl class="facts">
        <dt>{m.termOpens()}</dt>
        <dd>
          <Moment time={sale.starts_at} />
        </dd>
        <dt>{m.termEnds()}</dt>
        <dd>
          <Moment time={sale.ends_at} />
        </dd>
        <dt>{m.price()}</dt>
        <dd class="number">{money(sale.price)}</dd>
        <dt>{m.unitLimit()}</dt>
        <dd class="number">{count(sale.unit_limit)}</dd>
        <dt>{m.termVersion()}</dt>
        <dd class="number">{count(sale.version)}</dd>
        <dt>{m.termSale()}</dt>
        <dd>
          <Code text={sale.id} /> <a href={`/?sale=${sale.id}`}>{m.openShopPage()}</a>
        </dd>
      </dl>
    </section>
  );
}
