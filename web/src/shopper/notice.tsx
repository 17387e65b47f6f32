import * as shared from '../shared/messages.gen.ts';
import type { Phase } from './catalogue.ts';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import type { Shop } from './shop.ts';

const NOTICES: Record<Exclude<Phase, 'open'>, [() => string, () => string]> = {
  opening: [m.openingTitle, m.openingText],
  unreachable: [m.unreachableTitle, m.unreachableText],
  refused: [m.refusedTitle, m.refusedText],
  'unknown-sale': [m.unknownSaleTitle, m.unknownSaleText],
};

/** Instead of a view that has nothing to show yet. */
export function Notice({ shop, phase }: { shop: Shop; phase: Exclude<Phase, 'open'> }) {
  const [title, text] = NOTICES[phase];
  return (
    <section class="notice" data-phase={phase}>
      <h1>{title()}</h1>
      <p>{text()}</p>
      {(phase === 'unreachable' || phase === 'refused') && (
        <button type="button" class="quiet" onClick={shop.refresh}>
          {shared.tryNow()}
        </button>
      )}
      {phase === 'unknown-sale' && (
        <Link shop={shop} to={{ at: 'sales' }}>
          {m.seeSales()}
        </Link>
      )}
    </section>
  );
}
