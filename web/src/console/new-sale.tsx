/** A new sale: type its terms, see them once more, open it. */
import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useMemo, useId } from 'preact/hooks';
import { Field, focusFirstFault } from '../shared/field.tsx';
import { count, money } from '../shared/format.ts';
import type { NewSale, Problem, Product, Sale } from './api.ts';
import type { Desk } from './desk.ts';
import { LIMITS } from './limits.gen.ts';
import * as m from './messages.gen.ts';
import { inputOf } from './moment.ts';
import { MomentField } from './moment-field.tsx';
import { Moment, Trouble } from './pieces.tsx';
import { PressDialog, ReasonField } from './press-form.tsx';
import { address } from './route.ts';
import { checkSale, type Faults, type SaleDraft } from './terms.ts';
import { openedWords } from './words.ts';

/** A sale begins at the next full five minutes and lasts an hour, unless its operator says otherwise; in ms. */
const STEP_MS = 5 * 60_000;
const LASTS_MS = 60 * 60_000;

export function NewSaleForm({ desk, product }: { desk: Desk; product: string | undefined }) {
  const draft = useSignal<SaleDraft>(useMemo(() => emptyDraft(product, desk.clock.now()), []));
  const sent = useSignal(false);
  const reviewed = useSignal<NewSale | undefined>(undefined);
  const catalogue = useCatalogue(desk, product);
  const { faults, body } = checkSale(draft.value, desk.clock.now());

  function submit(form: HTMLFormElement) {
    sent.value = true;
    reviewed.value = body;
    if (!body) focusFirstFault(form);
  }

  return (
    <section class="narrow">
      <h1 tabIndex={-1}>{m.newSaleTitle()}</h1>
      {catalogue.problem.value && <Trouble problem={catalogue.problem.value} retry={catalogue.more} />}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        <ProductChoice draft={draft} catalogue={catalogue} fault={faults.product} sent={sent.value} />
        <SaleFields draft={draft} faults={faults} sent={sent.value} />
        <p class="row">
          <button type="submit" class="main">
            {m.review()}
          </button>
          <a class="quiet" href={address({ view: 'sales' })}>
            {m.back()}
          </a>
        </p>
      </form>
      {reviewed.value && (
        <Review
          desk={desk}
          terms={reviewed.value}
          name={catalogue.products.value.find(({ id }) => id === reviewed.value?.product_id)?.name ?? ''}
          left={() => (reviewed.value = undefined)}
        />
      )}
    </section>
  );
}

function SaleFields({ draft, faults, sent }: { draft: Signal<SaleDraft>; faults: Faults<SaleDraft>; sent: boolean }) {
  const set = (field: keyof SaleDraft) => (value: string) => void (draft.value = { ...draft.peek(), [field]: value });
  const field = (name: keyof SaleDraft) => ({ name, value: draft.value[name], change: set(name), fault: faults[name], sent });
  const { stock, unit_limit } = LIMITS.NewSale;
  return (
    <>
      <div class="pair">
        <Field {...field('stock')} type="number" inputMode="numeric" required min={stock.minimum} max={stock.maximum} label={m.stock()} hint={m.stockHint()} />
        <Field {...field('unitLimit')} type="number" inputMode="numeric" required min={unit_limit.minimum} max={unit_limit.maximum} label={m.unitLimit()} hint={m.unitLimitHint()} />
      </div>
      <div class="pair">
        <Field {...field('price')} inputMode="decimal" required label={m.price()} />
        <Field {...field('currency')} required maxLength={3} label={m.currency()} hint={m.currencyHint()} change={(value) => set('currency')(value.toUpperCase())} />
      </div>
      <div class="pair">
        <MomentField {...field('starts')} label={m.starts()} />
        <MomentField {...field('ends')} label={m.ends()} />
      </div>
      <ReasonField value={draft.value.reason} change={set('reason')} fault={faults.reason} sent={sent} />
    </>
  );
}

function Review({ desk, terms, name, left }: { desk: Desk; terms: NewSale; name: string; left: () => void }) {
  const press = useMemo(() => desk.presses.of<NewSale, Sale>('open a sale', desk.api.openSale), []);
  const opened = (sale: Sale) => desk.go({ view: 'sale', sale: sale.id, part: 'live' }, openedWords(sale, name));
  return (
    <PressDialog press={press} title={m.reviewTitle()} text={m.reviewText()} act={m.openSale()} body={() => terms} left={left} done={opened}>
      {() => (
        <dl class="facts">
          <dt>{m.colProduct()}</dt>
          <dd>{name}</dd>
          <dt>{m.stock()}</dt>
          <dd class="number">{count(terms.stock)}</dd>
          <dt>{m.unitLimit()}</dt>
          <dd class="number">{count(terms.unit_limit)}</dd>
          <dt>{m.price()}</dt>
          <dd class="number">{money(terms.price)}</dd>
          <dt>{m.starts()}</dt>
          <dd>
            <Moment time={terms.starts_at} />
          </dd>
          <dt>{m.ends()}</dt>
          <dd>
            <Moment time={terms.ends_at} />
          </dd>
        </dl>
      )}
    </PressDialog>
  );
}

interface Catalogue {
  products: Signal<Product[]>;
  problem: Signal<Problem | undefined>;
  hasMore: Signal<boolean>;
  more: () => Promise<void>;
}

/** The products to choose from, a page at a time; on to the page of the wanted one, so that it can be chosen. */
function useCatalogue(desk: Desk, wanted: string | undefined): Catalogue {
  const products = useSignal<Product[]>([]);
  const problem = useSignal<Problem | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const hasMore = useSignal(false);
  async function more(): Promise<void> {
    const answer = await desk.api.products(next.peek());
    problem.value = answer.ok ? undefined : answer.problem;
    if (!answer.ok) return;
    products.value = [...products.peek(), ...answer.body.rows];
    next.value = answer.body.next;
    hasMore.value = answer.body.next !== undefined;
    if (wanted !== undefined && hasMore.peek() && !products.peek().some(({ id }) => id === wanted)) await more();
  }
  useEffect(() => void more(), []);
  return { products, problem, hasMore, more };
}

function ProductChoice({ draft, catalogue, fault, sent }: { draft: Signal<SaleDraft>; catalogue: Catalogue; fault: string | undefined; sent: boolean }) {
  const id = useId();
  const shown = sent ? fault : undefined;
  const { products, hasMore, more } = catalogue;
  return (
    <div class="field">
      <label for={id}>{m.colProduct()}</label>
      <select id={id} name="product" required value={draft.value.product} data-faulty={fault !== undefined} aria-invalid={shown !== undefined} aria-describedby={`${id}-hint ${id}-fault`} onChange={(event) => (draft.value = { ...draft.peek(), product: event.currentTarget.value })}>
        <option value="">{m.chooseProduct()}</option>
        {products.value.map((product) => (
          <option key={product.id} value={product.id}>
            {product.name}
          </option>
        ))}
      </select>
      <span id={`${id}-hint`} class="hint row">
        {hasMore.value && (
          <button type="button" class="link" onClick={() => void more()}>
            {m.moreProducts()}
          </button>
        )}
        <a href={address({ view: 'new-product' })}>{m.newProduct()}</a>
      </span>
      <span id={`${id}-fault`} class="fault">
        {shown}
      </span>
    </div>
  );
}

function emptyDraft(product: string | undefined, nowMs: number): SaleDraft {
  const starts = Math.ceil(nowMs / STEP_MS) * STEP_MS;
  return { product: product ?? '', stock: '', unitLimit: '1', price: '', currency: 'EUR', starts: inputOf(starts), ends: inputOf(starts + LASTS_MS), reason: '' };
}
