/** The console's addresses: what stands behind the `#`, so that every view can be linked to and the back button works. */

export type SalePart = 'live' | 'orders' | 'audit';
export type Route =
  | { view: 'sales' }
  | { view: 'new-sale'; product?: string }
  | { view: 'products' }
  | { view: 'new-product' }
  | { view: 'sale'; sale: string; part: SalePart }
  | { view: 'tickets'; ticket?: string }
  | { view: 'audit' }
  | { view: 'partitions' }
  | { view: 'runbook'; name: string }
  | { view: 'nowhere' };

const PARTS: Record<string, SalePart> = { '': 'live', orders: 'orders', audit: 'audit' };

export function routeOf(hash: string): Route {
  const [first = '', second, third = ''] = hash.replace(/^#?\/?/, '').split('/').map(decoded);
  switch (first) {
    case '':
      return { view: 'sales' };
    case 'sales': {
      if (second === undefined || second === '') return { view: 'sales' };
      if (second === 'new') return { view: 'new-sale', ...(third !== '' && { product: third }) };
      const part = PARTS[third];
      return part === undefined ? { view: 'nowhere' } : { view: 'sale', sale: second, part };
    }
    case 'products':
      return { view: second === 'new' ? 'new-product' : 'products' };
    case 'tickets':
      return { view: 'tickets', ...(second && { ticket: second }) };
    case 'runbooks':
      return second ? { view: 'runbook', name: second } : { view: 'nowhere' };
    case 'audit':
    case 'partitions':
      return { view: first };
    default:
      return { view: 'nowhere' };
  }
}

export function address(route: Route): string {
  switch (route.view) {
    case 'sales':
    case 'nowhere':
      return '#/';
    case 'new-sale':
      return route.product === undefined ? '#/sales/new' : `#/sales/new/${encodeURIComponent(route.product)}`;
    case 'new-product':
      return '#/products/new';
    case 'sale':
      return `#/sales/${encodeURIComponent(route.sale)}${route.part === 'live' ? '' : `/${route.part}`}`;
    case 'tickets':
      return route.ticket === undefined ? '#/tickets' : `#/tickets/${encodeURIComponent(route.ticket)}`;
    case 'runbook':
      return `#/runbooks/${encodeURIComponent(route.name)}`;
    default:
      return `#/${route.view}`;
  }
}

/** Whatever somebody typed behind the `#`. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
