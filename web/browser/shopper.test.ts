import type { Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  aGate,
  buyButton,
  Crowd,
  firstPurchaseIs,
  orderNumber,
  outcome,
  presses,
  problem,
  signsIn,
  thenItIsWon,
  sidewaysScroll,
} from './page.ts';
import { givenASale, othersBuyTheRest, theSale, type Sale } from './stack.ts';

const crowd = new Crowd();
let sale: Sale;

beforeAll(async () => {
  sale = await givenASale();
  await crowd.open();
});
afterAll(() => crowd.close());
afterEach(() => crowd.leave());

const aShopper = (before?: (page: Page) => Promise<unknown>, path = `/?sale=${sale.id}`) => crowd.join(path, before);

describe('a shopper looks', () => {
  test('and sees the sale as the server tells it, on the smallest screen', async () => {
    const { page } = await aShopper();
    await page.getByRole('heading', { level: 1, name: sale.product.name }).waitFor();
    const { remaining } = await theSale(sale.id);
    expect(await page.getByRole('meter', { name: 'Stock left' }).getAttribute('aria-valuenow')).toBe(String(remaining));
    expect(await page.getByRole('timer').innerText()).toMatch(/\d\d:\d\d/);
    expect(await buyButton(page).isEnabled()).toBe(true);
    await page.locator('[data-contact=live]').waitFor();
    expect(await sidewaysScroll(page)).toBe(0);
  });

  test('at the list, goes to a sale and comes back as they came', async () => {
    const { page } = await aShopper(undefined, '/');
    await page.getByRole('heading', { name: 'On sale now' }).waitFor();
    const link = page.locator(`a[href="/?sale=${sale.id}"]`);
    expect(await link.innerText()).toContain(sale.product.name);
    await link.click();
    await buyButton(page).waitFor();
    expect(await page.title()).toContain(sale.product.name);
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
    await page.goBack();
    await link.waitFor();
    await page.goForward();
    await buyButton(page).waitFor();
  });

  test('for a sale that does not exist, and is told so', async () => {
    const { page } = await aShopper(undefined, '/?sale=0');
    await page.getByRole('heading', { name: 'No such sale' }).waitFor();
  });

  test('while the server is away, and gets in by themselves when it is back', async () => {
    const { page } = await aShopper((page) => page.route('**/v1/**', (route) => route.abort()));
    await page.getByRole('heading', { name: 'The shop does not answer' }).waitFor();
    await page.unroute('**/v1/**');
    await buyButton(page).waitFor();
  });
});

describe('a shopper buys', () => {
  test('with one click, sees the order that the server has, and still sees it after a reload', async () => {
    const shopper = await aShopper();
    const { page, context, keys } = shopper;
    await presses(page);
    const order = await thenItIsWon(shopper, sale.id);
    expect(await page.getByRole('status').innerText()).toContain(order);
    await page.reload();
    await outcome(page, 'It is yours').waitFor();
    expect(await orderNumber(page).innerText()).toBe(order);
    expect(new Set(keys).size).toBe(1);

    const cookie = (await context.cookies()).find(({ name }) => name === 'firstcome_session');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(cookie?.value);
  });

  test('with a double click, once', async () => {
    const shopper = await aShopper();
    await buyButton(shopper.page).dblclick();
    await thenItIsWon(shopper, sale.id);
    expect(new Set(shopper.keys).size).toBe(1);
  });

  test('through the queue, without a live socket, and across a reload in the queue', async () => {
    const gate = aGate<void>();
    const shopper = await aShopper(async (page) => {
      await page.routeWebSocket(/\/v1\/live/, (socket) => socket.close());
      await page.route('**/v1/tickets/**', async (route) => {
        await gate.opened;
        // The reload has meanwhile taken away some of the questions.
        await route.continue().catch(() => {});
      });
    });
    const { page, keys } = shopper;
    await presses(page);
    await outcome(page, 'You are in the queue').waitFor();
    expect(await page.locator('.place').innerText()).toMatch(/(ahead of you|You are next)\s+(about|less than)/);
    expect(await page.getByRole('button', { name: 'In the queue' }).getAttribute('aria-disabled')).toBe('true');
    await page.reload();
    await outcome(page, 'You are in the queue').waitFor();
    expect(await page.locator('[data-contact]').getAttribute('data-contact')).not.toBe('live');
    gate.open();
    await thenItIsWon(shopper, sale.id);
    expect(new Set(keys).size).toBe(1);
  });

  test('and reloads before the answer comes: it is the same purchase', async () => {
    const status = aGate<number>();
    const shopper = await aShopper((page) =>
      firstPurchaseIs(page, async (route) => {
        // It reaches the server, and the answer reaches nobody.
        status.open((await route.fetch()).status());
      }),
    );
    await signsIn(shopper);
    await presses(shopper.page);
    expect(await status.opened).toBe(202);
    await shopper.page.reload();
    await thenItIsWon(shopper, sale.id);
    expect(shopper.keys).toHaveLength(2);
    expect(new Set(shopper.keys).size).toBe(1);
  });

  test('although the shop could not say whether it had accepted: it counts once', async () => {
    const status = aGate<number>();
    const shopper = await aShopper((page) =>
      firstPurchaseIs(page, async (route) => {
        status.open((await route.fetch()).status());
        return route.fulfill(problem(503, 'outcome-unknown', { retry_after_ms: 3_000 }));
      }),
    );
    await signsIn(shopper);
    await presses(shopper.page);
    expect(await status.opened).toBe(202);
    await outcome(shopper.page, 'Asking again').waitFor();
    await thenItIsWon(shopper, sale.id);
    expect(shopper.keys).toHaveLength(2);
    expect(new Set(shopper.keys).size).toBe(1);
  });

  test('when the shop is busy: waits as told, tries again alone, and may stop', async () => {
    const busy = (ms: number) => (page: Page) => firstPurchaseIs(page, (route) => route.fulfill(problem(503, 'busy', { retry_after_ms: ms })));
    const patient = await aShopper(busy(2_000));
    await presses(patient.page);
    await patient.page.getByRole('button', { name: /^Trying again in \d s$/ }).waitFor();
    await thenItIsWon(patient, sale.id);
    expect(new Set(patient.keys).size).toBe(1);

    const other = await aShopper(busy(60_000));
    await presses(other.page);
    await other.page.getByRole('button', { name: 'Stop trying' }).click();
    await buyButton(other.page).waitFor();
    expect(other.keys).toHaveLength(1);
  });

  test('and loses the session half-way: a new one, the same purchase', async () => {
    const shopper = await aShopper((page) => firstPurchaseIs(page, (route) => route.fulfill(problem(503, 'busy', { retry_after_ms: 5_000 }))));
    const { page, context, keys } = shopper;
    await signsIn(shopper);
    await presses(page);
    await outcome(page, 'Very busy right now').waitFor();
    await context.clearCookies();
    await thenItIsWon(shopper, sale.id);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  test('in two tabs: one purchase, shown in both', async () => {
    const shopper = await aShopper();
    const other = await shopper.context.newPage();
    const keys = new Set<string>();
    let guests = 0;
    const bothSent = aGate<void>();
    // Both are on their way before either is told that nobody is signed in.
    await shopper.context.route('**/purchases', async (route) => {
      await bothSent.opened;
      await route.continue();
    });
    shopper.context.on('request', (request) => void (guests += Number(request.url().endsWith('/sessions/guest'))));
    other.on('request', (request) => request.url().endsWith('/purchases') && keys.add(request.headers()['idempotency-key'] ?? 'none'));
    await other.goto(shopper.page.url());
    await buyButton(other).waitFor();
    await presses(shopper.page);
    await presses(other);
    await expect.poll(() => keys.size).toBe(1);
    bothSent.open();
    const order = await thenItIsWon(shopper, sale.id);
    await expect.poll(() => orderNumber(other).innerText()).toBe(order);
    expect(new Set([...shopper.keys, ...keys]).size).toBe(1);
    expect(guests).toBe(1);
  });

  test('again with what they have forgotten, and is shown the order they have', async () => {
    const shopper = await aShopper();
    const { page } = shopper;
    await presses(page);
    const order = await thenItIsWon(shopper, sale.id);
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await presses(page);
    await outcome(page, 'You already have yours').waitFor();
    await expect.poll(() => orderNumber(page).innerText()).toBe(order);
  });
});

// The last story: nothing is left after it.
describe('the stock runs out', () => {
  test('while one shopper watches, one has just pressed, one waits for a busy shop, and one comes later', async () => {
    const gate = aGate<void>();
    const passes = async (route: Route) => {
      await gate.opened;
      await route.continue();
    };
    const watching = await aShopper();
    const pressing = await aShopper((page) => page.route('**/purchases', passes));
    const waiting = await aShopper(async (page) => {
      await page.route('**/purchases', passes);
      await page.route('**/purchases', (route) => route.fulfill(problem(503, 'busy', { retry_after_ms: 5_000 })), { times: 1 });
    });
    await presses(pressing.page);
    await presses(waiting.page);
    await outcome(waiting.page, 'Very busy right now').waitFor();
    await buyButton(watching.page).waitFor();
    // From now on only the socket can tell the one who watches.
    await watching.page.locator('[data-contact=live]').waitFor();
    await watching.page.route(/\/v1\/sales/, (route) => route.abort());
    await othersBuyTheRest(sale.id);

    const soldOut = watching.page.getByRole('button', { name: 'Sold out' });
    await soldOut.waitFor();
    expect(await soldOut.isDisabled()).toBe(true);

    gate.open();
    await outcome(pressing.page, 'Sold out').waitFor();
    expect(await pressing.page.getByRole('article').innerText()).toContain('Others were faster');
    expect(await orderNumber(pressing.page).count()).toBe(0);
    await outcome(waiting.page, 'Sold out').waitFor();
    expect(new Set(waiting.keys).size).toBe(1);
    await waiting.page.getByRole('link', { name: 'See what is on sale' }).click();
    await waiting.page.getByRole('heading', { name: 'Scarce things, first come, first served.' }).waitFor();

    const { page: late } = await aShopper();
    await late.getByRole('button', { name: 'Sold out' }).waitFor();
    expect(await late.getByRole('meter', { name: 'Stock left' }).getAttribute('aria-valuenow')).toBe('0');
  });
});
