/** An operator with a browser of their own, at the console. */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { violations } from './axe.ts';
import { BASE, call } from './stack.ts';

/** How long anything on the page may take, in ms; generous, for the machine may be busy with the stack itself. */
const PATIENCE_MS = 20_000;

const EMAIL = process.env.FIRSTCOME_OPERATOR_EMAIL ?? '';
const PASSWORD = process.env.FIRSTCOME_OPERATOR_PASSWORD ?? '';
export const TOKEN = process.env.FIRSTCOME_OPERATOR_TOKEN ?? '';

export interface Operator {
  context: BrowserContext;
  page: Page;
  /** Faults of the page itself: exceptions, console errors, policy violations, requests to strangers. */
  faults: string[];
}

export interface Surroundings {
  width?: number;
  dark?: boolean;
  before?: (page: Page) => Promise<unknown>;
}

/** Somebody at the console's door. */
export async function atTheDoor(browser: Browser, path = '/console/', { width = 1280, dark = false, before }: Surroundings = {}): Promise<Operator> {
  if (!EMAIL || !PASSWORD || !TOKEN) throw new Error('FIRSTCOME_OPERATOR_EMAIL, _PASSWORD and _TOKEN must be those of an operator of the stack');
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    ...{ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'Europe/Berlin' },
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/^Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(BASE).origin) faults.push(`request to a stranger: ${request.url()}`);
  });
  await before?.(page);
  await page.goto(BASE + path);
  return { context, page, faults };
}

export async function signsIn(page: Page | Locator, email = EMAIL, password = PASSWORD): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function atTheDesk(browser: Browser, path = '/console/', surroundings: Surroundings = {}): Promise<Operator> {
  const operator = await atTheDoor(browser, path, surroundings);
  await operator.page.getByRole('heading', { name: 'Sign in to run sales' }).waitFor();
  await signsIn(operator.page);
  await operator.page.getByRole('navigation', { name: 'Views' }).waitFor();
  return operator;
}

export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
export const dialog = (page: Page) => page.getByRole('dialog');
/** What became of the last command. */
export const told = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text });

/** Opens one of the sale's dialogs, fills in the reason, and presses. */
export async function commands(page: Page, name: string, act: string, reason = ''): Promise<void> {
  await page.getByRole('group', { name: 'Commands' }).getByRole('button', { name }).click();
  if (reason) await dialog(page).getByLabel('Reason').fill(reason);
  await dialog(page).getByRole('button', { name: act, exact: true }).click();
}

export interface Sale {
  id: string;
  state: string;
  stock: number;
  remaining: number;
  version: number;
  ends_at: string;
}

export const theSale = (id: string) => call<Sale>(`/v1/sales/${id}`);

/** A sale that the API opened. */
export async function givenASaleOf(stock: number): Promise<Sale> {
  const product = await call<{ id: string }>('/v1/products', { method: 'POST', token: TOKEN, body: { name: `Console lamp ${Date.now()}` } });
  return call<Sale>('/v1/sales', {
    ...{ method: 'POST', token: TOKEN },
    body: {
      ...{ product_id: product.id, stock, unit_limit: 1, price: { amount_minor: 4900, currency: 'EUR' } },
      starts_at: new Date(Date.now() - 60_000).toISOString(),
      ends_at: new Date(Date.now() + 3_600_000).toISOString(),
    },
  });
}

/** A shopper buys without a page; gives the ticket once it is decided. */
export async function aShopperBuys(sale: string): Promise<string> {
  const { token } = await call<{ token: string }>('/v1/sessions/guest', { method: 'POST', body: {} });
  const { ticket } = await call<{ ticket: string }>(`/v1/sales/${sale}/purchases`, { method: 'POST', token, body: {} });
  await call(`/v1/tickets/${ticket}?wait=20`);
  return ticket;
}

/** What axe finds wrong with the page as it is, and whether it scrolls sideways. */
export async function blemishes(page: Page): Promise<string[]> {
  const wide = await page.evaluate(() => {
    const boxes = [document.documentElement, ...document.querySelectorAll('dialog')];
    return boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => `${box.tagName}: ${box.scrollWidth} px in ${box.clientWidth}`);
  });
  return [...(await violations(page)), ...wide];
}

/** Every fault of the page is one of the story. */
export async function leaves({ context, faults }: Operator): Promise<void> {
  await context.close();
  expect(faults).toEqual([]);
}
