/** Every view and state, in light and dark: readable by everyone, nothing sideways on the smallest phone, and in two languages. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Purchase } from '../src/shopper/purchase.ts';
import { violations } from './axe.ts';
import { buyButton, Crowd, outcome, problem, sidewaysScroll } from './page.ts';
import { givenASale, type Sale } from './stack.ts';

/** Sums of layout shifts up to this count as good. */
const SHIFT_MAX = 0.1;

const crowd = new Crowd();
let sale: Sale;

beforeAll(async () => {
  sale = await givenASale();
  await crowd.open();
});
afterAll(() => crowd.close());
afterEach(() => crowd.leave());

interface Look {
  path: string;
  /** A heading that is there when the state is. */
  heading: string | RegExp;
  /** What the browser keeps of the purchase. */
  purchase?: Purchase;
  /** What the sale is like. */
  sale?: object;
  routes?: (page: Page) => Promise<unknown>;
  /** What is done before it looks like that. */
  then?: (page: Page) => Promise<unknown>;
}

const intent = { key: 'k', doubt: false, tries: 0, signIns: 0, sentAtMs: 0 };
const OWNED: readonly string[] = [];
const NUMBER = '00000000-0000-8200-82ec-c3d65e4afbc0';
const FOR_LONG = Date.now() + 600_000;
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const hang = (url: string) => (page: Page) => page.route(url, () => {});
const atSale = (heading: string | RegExp, rest: Partial<Look> = {}): Look => ({ path: 'sale', heading, ...rest });
const bought = (heading: string, purchase: Purchase, rest: Partial<Look> = {}) => atSale(heading, { purchase, ...rest });
const lost = (heading: string, reason: (Purchase & { at: 'lost' })['reason'], sale = {}) => bought(heading, { at: 'lost', reason, owned: OWNED }, { sale });

const answers = (routes: Record<string, object>) => async (page: Page) => {
  for (const [url, json] of Object.entries(routes)) await page.route(url, (route) => route.fulfill({ json }));
};
const ADA = { '**/v1/sessions/mine': { shopper_id: NUMBER, role: 'shopper', expires_at: soon(86_400_000), email: 'ada@example.org' } };
/** One that stands and one that was cancelled, of a sale that is gone. */
const ORDERS = {
  '**/v1/orders?*': {
    orders: [
      { id: NUMBER, sale_id: NUMBER, ordered_at: soon(0) },
      { id: NUMBER.replace('8200', '8300'), sale_id: NUMBER, ordered_at: '2020-02-29T12:00:00Z', cancelled_at: soon(0) },
    ],
    next_cursor: 'c',
  },
};
const followed = (heading: string, status: object): Look => ({
  path: `/?ticket=${NUMBER}`,
  heading,
  routes: async (page) => {
    await page.routeWebSocket(/\/v1\/live/, (socket) => socket.close());
    await answers({ '**/v1/tickets/**': { ticket: NUMBER, ...status } })(page);
  },
});
const wrongForm = async (page: Page) => {
  await page.getByLabel('Email').fill('ada');
  await page.locator('form').getByRole('button', { name: 'Create account' }).click();
  await page.locator('form').getByRole('button', { name: 'Create account' }).first().click();
  await page.getByText('Write an address').waitFor();
};

const LOOKS: Record<string, Look> = {
  sales: { path: '/', heading: 'On sale now' },
  'orders, signed out': { path: '/?view=orders', heading: 'My orders' },
  'orders, signed in': { path: '/?view=orders', heading: 'A sale of the past', routes: answers({ ...ADA, ...ORDERS }) },
  account: { path: '/?view=account', heading: 'Account' },
  'account, signed in': { path: '/?view=account', heading: 'Account', routes: answers(ADA), then: (page) => page.getByText('You are signed in as').waitFor() },
  'account, server away': { path: '/?view=account', heading: 'Account', routes: (page) => page.route('**/v1/**', (route) => route.abort()), then: (page) => page.getByRole('button', { name: 'Try now' }).waitFor() },
  'account, wrong form': { path: '/?view=account', heading: 'Account', then: wrongForm },
  'followed, queued': followed('You are in the queue', { state: 'queued', ahead: 12, wait_ms: 90_000 }),
  'followed, won': followed('It is won', { state: 'won', order_id: NUMBER, sale_id: NUMBER, replay: false }),
  'followed, lost': followed('Sold out', { state: 'lost', reason: 'sold-out' }),
  'unknown sale': { path: '/?sale=0', heading: 'No such sale' },
  'unknown ticket': { path: `/?ticket=${NUMBER}`, heading: /No such purchase/ },
  'server away': { path: '/', heading: 'The shop does not answer', routes: (page) => page.route('**/v1/**', (route) => route.abort()) },
  'nothing on sale': { path: '/', heading: /Scarce things/, routes: (page) => page.route('**/v1/sales?*', (route) => route.fulfill({ json: { sales: [], server_time: soon(0) } })) },
  active: atSale(/lamp|thing/i),
  upcoming: atSale(/lamp|thing/i, { sale: { state: 'upcoming', starts_at: soon(90_061_000), ends_at: soon(190_000_000) } }),
  paused: atSale(/lamp|thing/i, { sale: { state: 'paused' } }),
  'sold out': atSale(/lamp|thing/i, { sale: { state: 'sold-out', remaining: 0 } }),
  ended: atSale(/lamp|thing/i, { sale: { state: 'ended', ends_at: soon(-1_000) } }),
  closed: atSale(/lamp|thing/i, { sale: { state: 'closed' } }),
  sending: atSale(/lamp|thing/i, { purchase: { at: 'sending', intent, sinceMs: FOR_LONG, owned: OWNED }, routes: hang('**/purchases') }),
  busy: bought('Very busy right now', { at: 'waiting', intent, why: 'busy', untilMs: FOR_LONG, owned: OWNED }),
  queued: bought('You are in the queue', { at: 'queued', intent, ticket: NUMBER, ahead: 1_840, waitMs: 4_000, owned: OWNED }, { routes: hang('**/v1/tickets/**') }),
  checking: bought('Checking your orders', { at: 'checking', intent, reason: 'ended', looks: 3, owned: OWNED }, { routes: hang('**/orders/mine') }),
  'signed out': bought('Your session has ended', { at: 'signed-out', intent, why: 'ended', owned: OWNED }),
  'account needed': bought('Sign in to buy', { at: 'signed-out', intent, why: 'needed', owned: OWNED }),
  won: bought('It is yours', { at: 'won', orderId: NUMBER, owned: [NUMBER] }),
  cancelled: bought('Your order was cancelled', { at: 'cancelled', orderId: NUMBER, owned: OWNED }),
  'lost, sold out': lost('Sold out', 'sold-out', { state: 'sold-out', remaining: 0 }),
  'lost, had one': lost('You already have yours', 'limit-reached'),
  'lost, paused': lost('The sale is paused', 'paused', { state: 'paused' }),
  'lost, too early': lost('Not open yet', 'not-started'),
  failed: bought('Something went wrong in the shop', { at: 'failed', intent, code: 'internal', requestId: NUMBER, owned: OWNED }),
};

/** Brings a page into a state; `prepared` goes on with it. */
function prepare(look: Look) {
  return async (page: Page) => {
    // The verdict of a made-up ticket would come at once.
    if (look.purchase || look.sale) await page.routeWebSocket(/\/v1\/live/, (socket) => socket.close());
    await look.routes?.(page);
    if (look.purchase) {
      const kept = JSON.stringify({ v: 1, at: 0, purchase: look.purchase });
      await page.addInitScript(`localStorage.setItem('firstcome.purchase.${sale.id}', ${JSON.stringify(kept)})`);
    }
    if (!look.sale) return;
    await page.route(`**/v1/sales/${sale.id}`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), ...look.sale } });
    });
  };
}

const addressOf = (look: Look) => (look.path === 'sale' ? `/?sale=${sale.id}` : look.path);

/** Pictures to look at, where FIRSTCOME_SCREENSHOTS names a folder. */
async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.FIRSTCOME_SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name.replaceAll(/\W+/g, '-')}.png`, fullPage: true });
}

test.each(Object.entries(LOOKS))('%s: no violation in light and dark, nothing sideways', async (name, look) => {
  const { page } = await crowd.join(addressOf(look), prepare(look));
  await page.getByRole('heading', { name: look.heading }).first().waitFor();
  await look.then?.(page);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await shoot(page, `${name}-${colorScheme}`);
    expect(await violations(page)).toEqual([]);
  }
  expect(await sidewaysScroll(page)).toBe(0);
});

describe('the language', () => {
  test('is the browser\'s: German', async () => {
    const { page } = await crowd.join(`/?sale=${sale.id}`, undefined, { locale: 'de-AT' });
    await page.getByRole('button', { name: /^Für .*\d.* kaufen$/ }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    expect(await page.locator('.price strong').innerText()).toMatch(/€\s?\d+,\d\d|\d+,\d\d\s?€/);
    expect(await sidewaysScroll(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
  });

  test('can be changed without a reload, and is remembered', async () => {
    const { page } = await crowd.join(`/?sale=${sale.id}`);
    await buyButton(page).waitFor();
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByRole('button', { name: /^Für/ }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: /^Für/ }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
  });
});

test.each(['sales', 'active', 'won'])('"%s" does not move while it loads', async (name) => {
  const look = LOOKS[name]!;
  const { page } = await crowd.join(addressOf(look), async (page) => {
    await prepare(look)(page);
    await page.addInitScript(`window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });`);
  });
  await page.getByRole('heading', { name: look.heading }).first().waitFor();
  await page.locator('[data-contact]').waitFor({ state: 'attached' });
  expect(await page.evaluate('window.shift')).toBeLessThan(SHIFT_MAX);
});

test('all of it can be done with the keyboard alone', async () => {
  const { page } = await crowd.join('/');
  await page.locator(`a[href="/?sale=${sale.id}"]`).focus();
  await page.keyboard.press('Enter');
  await buyButton(page).waitFor();
  // From the top of the new view: the way back, then the button.
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('buy');
  await page.route('**/purchases', (route) => route.fulfill(problem(409, 'paused')));
  await page.keyboard.press('Enter');
  await outcome(page, 'The sale is paused').waitFor();
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('buy');

  // What is pressed there and goes leaves the focus on what there is to press.
  await page.route('**/purchases', (route) => route.fulfill(problem(503, 'busy', { retry_after_ms: 60_000 })));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Stop trying' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Stop trying' }).waitFor({ state: 'detached' });
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('buy');

  // And where there is nothing to press, on the news.
  await page.route('**/purchases', (route) => route.fulfill(problem(401, 'unauthorized')));
  await page.route('**/sessions/guest', (route) => route.fulfill(problem(403, 'forbidden')));
  await page.context().clearCookies();
  await page.keyboard.press('Enter');
  await outcome(page, 'Sign in to buy').waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H2');
});
