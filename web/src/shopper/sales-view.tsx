/** All sales: what can be bought, what comes, what was. */
import type { Sale } from '../shared/api.ts';
import { money } from '../shared/format.ts';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import { Notice } from './notice.tsx';
import { parted } from './sales.ts';
import type { Shop } from './shop.ts';
import { saleLine } from './words.ts';

export function SalesView({ shop }: { shop: Shop }) {
  const phase = shop.catalogue.phase.value;
  if (phase !== 'open') return <Notice shop={shop} phase={phase} />;
  const known = shop.catalogue.sales.value;
  const { active, upcoming, past } = parted(shop.catalogue.listed.value.flatMap((id) => known.get(id) ?? []));
  return (
    <div class="sales">
      <h1>{m.introduction()}</h1>
      {active.length + upcoming.length === 0 && <p class="none">{m.nothingOnSale()}</p>}
      <Part shop={shop} title={m.onSaleNow()} sales={active} />
      <Part shop={shop} title={m.openingSoon()} sales={upcoming} />
      <Part shop={shop} title={m.pastSales()} sales={past} />
    </div>
  );
}

function Part({ shop, title, sales }: { shop: Shop; title: string; sales: readonly Sale[] }) {
  if (sales.length === 0) return null;
  return (
    <section class="part">
      <h2>{title}</h2>
      <ul>
        {sales.map((sale) => (
          <li key={sale.id} data-state={sale.state}>
            <Link shop={shop} to={{ at: 'sale', sale: sale.id }}>
              <span class="name">{sale.product.name}</span>
              <span class="cost">{money(sale.price)}</span>
              <span class="when">{saleLine(sale, Date.parse(sale.server_time))}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
