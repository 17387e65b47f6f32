/** A shopper with a browser of their own: what they see, and what their browser sends. */
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page, type Request, type Route } from 'playwright-core';
import { expect } from 'vitest';
import { BASE } from './stack.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** How long anything on the page may take, in ms; generous, for the machine may be busy with the stack itself. */
const PATIENCE_MS = 20_000;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });

export interface Shopper {
  context: BrowserContext;
  page: Page;
  /** Idempotency keys in the order in which they were sent. */
  keys: string[];
  /** Faults of the page itself: exceptions, console errors, policy violations, requests to strangers. */
  faults: string[];
}

/** A new shopper, at the page of a sale, on a small phone. `before` may prepare the page's surroundings. */
export async function aShopper(browser: Browser, path: string, before?: (page: Page) => Promise<unknown>, more: BrowserContextOptions = {}): Promise<Shopper> {
  const context = await browser.newContext({ viewport: { width: 320, height: 640 }, reducedMotion: 'reduce', locale: 'en-GB', ...more });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const shopper: Shopper = { context, page, keys: [], faults: [] };
  watch(shopper);
  await before?.(page);
  await page.goto(BASE + path);
  return shopper;
}

function watch({ page, keys, faults }: Shopper) {
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    // The browser itself reports refused and aborted requests as errors; those are part of the stories.
    if (message.type() === 'error' && !/^Failed to load resource|^WebSocket connection/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(BASE).origin) faults.push(`request to a stranger: ${request.url()}`);
    if (isPurchase(request)) keys.push(request.headers()['idempotency-key'] ?? 'none');
  });
}

const isPurchase = (request: Request) => request.method() === 'POST' && request.url().endsWith('/purchases');

export const buyButton = (page: Page) => page.getByRole('button', { name: /^Buy for / });
export const outcome = (page: Page, title: string) => page.getByRole('heading', { name: title, exact: true });
export const orderNumber = (page: Page) => page.locator('.order code');

export async function presses(page: Page): Promise<void> {
  await buyButton(page).click();
}

/** A session made beforehand, so that the very first purchase request is accepted. */
export async function signsIn({ context }: Shopper): Promise<void> {
  const answer = await context.request.post(`${BASE}/v1/sessions/guest`, { data: {} });
  expect(answer.status()).toBe(201);
}

/** The page says that the purchase is won, and the server knows exactly that order. Returns its number. */
export async function thenItIsWon({ page, context }: Shopper, saleId: string): Promise<string> {
  await outcome(page, 'It is yours').waitFor();
  const shown = await orderNumber(page).innerText();
  const mine = await context.request.get(`${BASE}/v1/sales/${saleId}/orders/mine`);
  const { orders } = (await mine.json()) as { orders: { id: string }[] };
  expect(orders.map((order) => order.id)).toEqual([shown]);
  return shown;
}

/** Answers the first purchase with a problem, and leaves the others alone. `first` sees the real request. */
export function firstPurchaseIs(page: Page, first: (route: Route) => Promise<unknown>): Promise<unknown> {
  let seen = 0;
  return page.route('**/purchases', (route) => ((seen += 1) === 1 ? first(route) : route.continue()));
}

export const problem = (status: number, code: string, extra: object = {}) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: `/problems/${code}`, title: code, status, ...extra }),
});

/** Shoppers of one test file: their browsers are closed after each test, and none of their pages may have had a fault. */
export class Crowd {
  private browser: Browser | undefined;
  private shoppers: Shopper[] = [];

  async open(): Promise<void> {
    this.browser = await openBrowser();
  }
  async close(): Promise<void> {
    await this.browser?.close();
  }
  async join(path: string, before?: (page: Page) => Promise<unknown>, more?: BrowserContextOptions): Promise<Shopper> {
    if (!this.browser) throw new Error('no browser is open');
    const shopper = await aShopper(this.browser, path, before, more);
    this.shoppers.push(shopper);
    return shopper;
  }
  async leave(): Promise<void> {
    const faults = this.shoppers.flatMap((shopper) => shopper.faults);
    await Promise.all(this.shoppers.map((shopper) => shopper.context.close()));
    this.shoppers = [];
    expect(faults).toEqual([]);
  }
}

/** How far the page can be scrolled sideways, in pixels: it never should. */
export const sidewaysScroll = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** A value that one part of a test hands to another. */
export function aGate<T>(): { opened: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}
