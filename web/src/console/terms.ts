/**
 * What operators type into forms, checked as the server will: the limits are those of its description. Pure, but for the language
 * of what is wrong.
 */
import type { ChangedTerms, NewProduct, NewSale, Sale } from './api.ts';
import { LIMITS } from './limits.gen.ts';
import * as m from './messages.gen.ts';
import { instantOf, secondsOf } from './moment.ts';
import { count } from '../shared/format.ts';

/** What is wrong, by field; a field that is right is absent. */
export type Faults<Draft> = { [Field in keyof Draft]?: string };
/** A form is either wrong somewhere or says what to send. */
export type Checked<Draft, Body> = { faults: Faults<Draft>; body: Body | undefined };

export interface ProductDraft {
  name: string;
  description: string;
}

export interface SaleDraft {
  product: string;
  stock: string;
  unitLimit: string;
  price: string;
  currency: string;
  starts: string;
  ends: string;
  reason: string;
}

export interface ChangeDraft {
  starts: string;
  ends: string;
  unitLimit: string;
  reason: string;
}

export function checkProduct({ name, description }: ProductDraft): Checked<ProductDraft, NewProduct> {
  const faults = faultsOf<ProductDraft>({
    name: textFault(name.trim(), LIMITS.NewProduct.name),
    description: textFault(description, LIMITS.NewProduct.description),
  });
  return { faults, body: isRight(faults) ? { name: name.trim(), description } : undefined };
}

/** `nowMs` is the shop's time: a sale that is over before it begins is a slip. */
export function checkSale(draft: SaleDraft, nowMs: number): Checked<SaleDraft, NewSale> {
  const [starts, ends] = [instantOf(draft.starts), instantOf(draft.ends)];
  const amount = minorUnits(draft.price, draft.currency);
  const faults = faultsOf<SaleDraft>({
    product: draft.product === '' ? m.faultChooseProduct() : undefined,
    stock: numberFault(draft.stock, LIMITS.NewSale.stock),
    unitLimit: numberFault(draft.unitLimit, LIMITS.NewSale.unit_limit),
    currency: isCurrency(draft.currency) ? undefined : m.faultCurrency(),
    price: priceFault(draft, amount),
    starts: starts === undefined ? m.faultMoment() : undefined,
    ends: endFault(ends, starts, nowMs),
    reason: reasonFault(draft.reason),
  });
  if (!isRight(faults) || starts === undefined || ends === undefined || amount === undefined) return { faults, body: undefined };
  const body: NewSale = {
    product_id: draft.product,
    stock: Number(draft.stock),
    unit_limit: Number(draft.unitLimit),
    price: { amount_minor: amount, currency: draft.currency },
    starts_at: new Date(starts).toISOString(),
    ends_at: new Date(ends).toISOString(),
  };
  return { faults, body: withReason(body, draft.reason) };
}

/** What differs from the sale as it is; a change of nothing is refused. */
export function checkChange(draft: ChangeDraft, sale: Sale, nowMs: number): Checked<ChangeDraft, ChangedTerms> {
  const [starts, ends] = [instantOf(draft.starts), instantOf(draft.ends)];
  const [startsBefore, endsBefore] = [secondsOf(sale.starts_at), secondsOf(sale.ends_at)];
  const newStart = starts !== undefined && starts !== startsBefore;
  const newEnd = ends !== undefined && ends !== endsBefore;
  const newLimit = draft.unitLimit !== String(sale.unit_limit);
  const lowered = Number(draft.unitLimit) < sale.unit_limit ? m.faultLimitLowered({ n: sale.unit_limit }) : undefined;
  const faults = faultsOf<ChangeDraft>({
    starts: starts === undefined ? m.faultMoment() : undefined,
    ends: newEnd || newStart || ends === undefined ? endFault(ends, starts, nowMs) : undefined,
    unitLimit: numberFault(draft.unitLimit, LIMITS.ChangedTerms.unit_limit) ?? lowered,
    reason: reasonFault(draft.reason),
  });
  if (isRight(faults) && !newStart && !newEnd && !newLimit) faults.ends = m.faultNothingChanged();
  if (!isRight(faults)) return { faults, body: undefined };
  const body: ChangedTerms = {
    ...(newStart && { starts_at: new Date(starts).toISOString() }),
    ...(newEnd && { ends_at: new Date(ends).toISOString() }),
    ...(newLimit && { unit_limit: Number(draft.unitLimit) }),
  };
  return { faults, body: withReason(body, draft.reason) };
}

/** The stock counts all units, sold ones included. */
export function stockFault(stock: string, sold: number): string | undefined {
  const fault = numberFault(stock, { ...LIMITS.Restock.stock, minimum: 0 });
  return fault ?? (Number(stock) < sold ? m.faultBelowSold({ n: sold }) : undefined);
}

export function reasonFault(reason: string): string | undefined {
  return textFault(reason.trim(), LIMITS.Why.reason);
}

/** The reason as the API wants it: absent when there is none. */
export function withReason<Body extends object>(body: Body, reason: string): Body & { reason?: string } {
  return reason.trim() === '' ? body : { ...body, reason: reason.trim() };
}

/** An amount in the currency's smallest unit, counted without floating point; comma and point are both understood. */
export function minorUnits(price: string, currency: string): number | undefined {
  if (!isCurrency(currency)) return undefined;
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const parts = /^(\d{1,10})(?:[.,](\d*))?$/.exec(price.trim());
  const fraction = parts?.[2] ?? '';
  if (!parts || fraction.length > digits) return undefined;
  const minor = Number(`${parts[1]}${fraction.padEnd(digits, '0')}`);
  return minor <= LIMITS.Price.amount_minor.maximum ? minor : undefined;
}

const isCurrency = (code: string) => new RegExp(LIMITS.Price.currency.pattern).test(code);

function priceFault({ price, currency }: SaleDraft, amount: number | undefined): string | undefined {
  // Of a currency that is none, nothing can be said about its amounts.
  return amount === undefined && (isCurrency(currency) || price.trim() === '') ? m.faultPrice() : undefined;
}

function endFault(ends: number | undefined, starts: number | undefined, nowMs: number): string | undefined {
  if (ends === undefined) return m.faultMoment();
  if (starts !== undefined && ends <= starts) return m.faultEndsBeforeStart();
  return ends <= nowMs ? m.faultEndsInPast() : undefined;
}

function numberFault(text: string, { minimum, maximum }: { minimum: number; maximum: number }): string | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return number >= minimum && number <= maximum ? undefined : m.faultNumber({ least: count(minimum), most: count(maximum) });
}

/** Lengths count characters, as the server does, not the units of JavaScript's strings. */
function textFault(text: string, { minLength = 0, maxLength, pattern }: { minLength?: number; maxLength: number; pattern: string }): string | undefined {
  const length = [...text].length;
  if (length < minLength) return m.faultEmpty();
  if (length > maxLength) return m.faultTooLong({ n: maxLength });
  return new RegExp(pattern).test(text) ? undefined : m.faultCharacters();
}

const isRight = (faults: object) => Object.keys(faults).length === 0;

function faultsOf<Draft>(found: { [Field in keyof Draft]?: string | undefined }): Faults<Draft> {
  return Object.fromEntries(Object.entries(found).filter(([, fault]) => fault !== undefined)) as Faults<Draft>;
}
