/** The catalogue, and the form that adds to it. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Field } from '../shared/field.tsx';
import type { NewProduct, Product } from './api.ts';
import type { Desk } from './desk.ts';
import { LIMITS } from './limits.gen.ts';
import * as m from './messages.gen.ts';
import { openPages } from './pages.ts';
import { Listed, Moment } from './pieces.tsx';
import { PressForm } from './press-form.tsx';
import { address } from './route.ts';
import { Table, type Column } from './table.tsx';
import { checkProduct, type ProductDraft } from './terms.ts';

export function Products({ desk }: { desk: Desk }) {
  const pages = useMemo(() => openPages(desk.api.products), []);
  useEffect(() => void pages.reload(), []);
  return (
    <section>
      <div class="row between">
        <h1 tabIndex={-1}>{m.productsTitle()}</h1>
        <a class="main" href={address({ view: 'new-product' })}>
          {m.newProduct()}
        </a>
      </div>
      <Listed pages={pages} none={m.productsNone()}>
        {(rows) => <Table caption={m.productsTitle()} columns={columns()} rows={rows} keyOf={({ id }) => id} />}
      </Listed>
    </section>
  );
}

const columns = (): Column<Product>[] => [
  { head: m.colName(), cell: ({ name }) => name },
  { head: m.colDescription(), cell: ({ description }) => <span class="description">{description}</span> },
  { head: m.colCreated(), cell: ({ created_at }) => <Moment time={created_at} /> },
  {
    head: m.newSale(),
    cell: ({ id, name }) => (
      <a href={address({ view: 'new-sale', product: id })} aria-label={m.sellNamed({ name })}>
        {m.sellIt()}
      </a>
    ),
  },
];

export function NewProductForm({ desk }: { desk: Desk }) {
  const draft = useSignal<ProductDraft>({ name: '', description: '' });
  const press = useMemo(() => desk.presses.of<NewProduct, Product>('create a product', desk.api.createProduct), []);
  const { faults, body } = checkProduct(draft.value);
  const set = (field: keyof ProductDraft) => (value: string) => void (draft.value = { ...draft.peek(), [field]: value });
  return (
    <section class="narrow">
      <h1 tabIndex={-1}>{m.newProduct()}</h1>
      <PressForm
        press={press}
        body={() => body}
        act={m.createProduct()}
        left={() => desk.go({ view: 'products' })}
        done={({ id, name }) => desk.go({ view: 'new-sale', product: id }, m.productCreated({ name }))}
      >
        {(sent) => (
          <>
            <Field name="name" label={m.productName()} value={draft.value.name} change={set('name')} fault={faults.name} sent={sent} required maxLength={2 * LIMITS.NewProduct.name.maxLength} />
            <Field name="description" label={m.productDescription()} value={draft.value.description} change={set('description')} fault={faults.description} sent={sent} rows={5} hint={m.productDescriptionHint({ n: LIMITS.NewProduct.description.maxLength })} />
          </>
        )}
      </PressForm>
    </section>
  );
}
