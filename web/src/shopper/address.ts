/** What the address asks for. All of it is in the query, because the shop is one file. Pure. */

export type View =
  | { at: 'sales' }
  | { at: 'sale'; sale: string }
  /** Somebody's purchase, by its ticket; `sale` is what it is about, where the link says so. */
  | { at: 'ticket'; ticket: string; sale?: string }
  | { at: 'orders' }
  | { at: 'account' };

export function viewOf(query: string): View {
  const asked = new URLSearchParams(query);
  const [sale, ticket, view] = [asked.get('sale'), asked.get('ticket'), asked.get('view')];
  if (ticket) return { at: 'ticket', ticket, ...(sale && { sale }) };
  if (sale) return { at: 'sale', sale };
  return view === 'orders' || view === 'account' ? { at: view } : { at: 'sales' };
}

export function addressOf(view: View): string {
  switch (view.at) {
    case 'sales':
      return '/';
    case 'sale':
      return `/?${new URLSearchParams({ sale: view.sale })}`;
    case 'ticket':
      return `/?${new URLSearchParams({ ...(view.sale !== undefined && { sale: view.sale }), ticket: view.ticket })}`;
    case 'orders':
    case 'account':
      return `/?view=${view.at}`;
  }
}
