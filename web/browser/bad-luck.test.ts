/** What may go wrong around a shopper. Each has a state that says so, and a way on. */
import type { Page, WebSocketRoute } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { aGate, buyButton, Crowd, orderNumber, outcome, presses, problem, thenItIsWon } from './page.ts';
import { BASE, givenASale, theSale, type Sale } from './stack.ts';

const crowd = new Crowd();
let sale: Sale;

beforeAll(async () => {
  sale = await givenASale();
  await crowd.open();
});
afterAll(() => crowd.close());
afterEach(() => crowd.leave());

/** As Chromium's own tools know it: ms for each way, bytes a second. */
const SLOW_3G = { offline: false, latency: 2_000, downloadThroughput: 50_000, uploadThroughput: 50_000 };

const atTheSale = (before?: (page: Page) => Promise<unknown>) => crowd.join(`/?sale=${sale.id}`, before);

test('the socket is killed: the page says so, asks instead, and listens again', async () => {
  const sockets: WebSocketRoute[] = [];
  const { page } = await atTheSale((page) =>
    page.routeWebSocket(/\/v1\/live/, (socket) => {
      sockets.push(socket);
      // The second one is refused, so that the page is without for a while.
      if (sockets.length === 2) return void socket.close({ code: 1013 });
      socket.connectToServer();
    }),
  );
  await page.locator('[data-contact=live]').waitFor();
  await sockets[0]?.close({ code: 1012 });
  await page.locator('[data-contact=asking]').waitFor({ state: 'attached' });
  const asked = page.waitForResponse((response) => response.url().endsWith(`/v1/sales/${sale.id}`));
  expect((await asked).ok()).toBe(true);
  await page.locator('[data-contact=live]').waitFor();
  expect(sockets.length).toBeGreaterThanOrEqual(3);
});

test('the socket is killed in the queue: the verdict comes all the same', async () => {
  const queued = aGate<void>();
  const shopper = await atTheSale((page) =>
    page.routeWebSocket(/\/v1\/live/, (socket) => {
      const server = socket.connectToServer();
      // It dies as soon as it is asked for a ticket.
      socket.onMessage((message) => {
        if (!String(message).includes('"watch":[]')) socket.close({ code: 1012 }).then(queued.open);
        else server.send(message);
      });
    }),
  );
  await shopper.page.locator('[data-contact=live]').waitFor();
  await presses(shopper.page);
  await queued.opened;
  await thenItIsWon(shopper, sale.id);
});

test('the server breaks while the page is open: what was known stays, and the chip tells', async () => {
  const { page } = await atTheSale((page) => page.routeWebSocket(/\/v1\/live/, (socket) => socket.close()));
  await buyButton(page).waitFor();
  await page.route('**/v1/**', (route) => route.abort());
  await page.locator('[data-contact=lost]').waitFor();
  await presses(page);
  await outcome(page, 'No answer from the shop').waitFor();
  await page.getByRole('button', { name: 'Stop trying' }).click();
  await outcome(page, 'Stopped').waitFor();
});

test('the server answers 500 again and again: the shopper decides, with the same key', async () => {
  const shopper = await atTheSale((page) => page.route('**/purchases', (route) => route.fulfill(problem(500, 'internal', { request_id: 'r-42' }))));
  const { page, keys } = shopper;
  await presses(page);
  await page.getByText('Reference r-42').waitFor();
  await page.unroute('**/purchases');
  await page.getByRole('button', { name: 'Try again' }).click();
  await thenItIsWon(shopper, sale.id);
  expect(new Set(keys).size).toBe(1);
});

test('the clock is wrong by an hour: the countdown is right from the first moment', async () => {
  // Nothing ticks: what is shown is what the first answer made of it.
  const { page } = await atTheSale((page) => page.addInitScript('{ const now = Date.now; Date.now = () => now() + 3_600_000; window.setInterval = () => 0; }'));
  await buyButton(page).waitFor();
  const { ends_at, server_time } = (await theSale(sale.id)) as Sale & { ends_at: string; server_time: string };
  const leftS = (Date.parse(ends_at) - Date.parse(server_time)) / 1000;
  const shown = await page.getByRole('timer').innerText();
  const [days = 0, rest = shown] = shown.includes(' d ') ? [Number(shown.split(' d ')[0]), shown.split(' d ')[1]] : [];
  const shownS = rest.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
  // Whatever the machine did in between, it was less than half the error.
  expect(Math.abs(shownS - leftS)).toBeLessThan(1_800);
});

test('the browser keeps nothing: buying works, and the page says what not to do', async () => {
  const gate = aGate<void>();
  const shopper = await atTheSale(async (page) => {
    await page.addInitScript('Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });');
    await page.routeWebSocket(/\/v1\/live/, (socket) => socket.close());
    await page.route('**/v1/tickets/**', async (route) => {
      await gate.opened;
      await route.continue();
    });
  });
  await presses(shopper.page);
  await shopper.page.getByText('stay here until you know the result').waitFor();
  gate.open();
  await thenItIsWon(shopper, sale.id);
});

test('the shopper must go: a link shows the verdict on another device', async () => {
  const gate = aGate<void>();
  const shopper = await atTheSale(async (page) => {
    await page.routeWebSocket(/\/v1\/live/, (socket) => socket.close());
    await page.route('**/v1/tickets/**', async (route) => {
      await gate.opened;
      await route.continue();
    });
  });
  const { page } = shopper;
  await presses(page);
  await page.getByText('Follow on another device').click();
  const link = await page.locator('.elsewhere input').inputValue();
  const { page: other, context } = await crowd.join(link.replace(BASE, ''));
  await other.getByRole('heading', { name: 'It is won' }).waitFor();
  await other.getByRole('heading', { name: sale.product.name }).waitFor();
  const order = await orderNumber(other).innerText();
  expect(await context.cookies()).toEqual([]);
  gate.open();
  expect(await thenItIsWon(shopper, sale.id)).toBe(order);

  const { page: mistyped } = await crowd.join('/?ticket=00000000-0000-8000-8000-000000000000');
  await mistyped.getByRole('heading', { name: 'No such purchase', level: 1 }).waitFor();
});

test('the shopper looks elsewhere: title and notification tell, because they asked for it', async () => {
  const gate = aGate<void>();
  const shopper = await atTheSale(async (page) => {
    await page.addInitScript(`
      window.told = [];
      window.Notification = class { static permission = 'default'; static async requestPermission() { return 'granted'; }
        constructor(title) { window.told.push(title); } };
    `);
    await page.routeWebSocket(/\/v1\/live/, (socket) => socket.close());
    await page.route('**/v1/tickets/**', async (route) => {
      await gate.opened;
      await route.continue();
    });
  });
  const { page } = shopper;
  await presses(page);
  await page.getByRole('button', { name: 'Notify me of the result' }).click();
  await page.getByText('You will be notified').waitFor();
  await page.evaluate(() => Object.defineProperty(document, 'hidden', { get: () => true }));
  gate.open();
  await thenItIsWon(shopper, sale.id);
  expect(await page.evaluate('window.told')).toEqual(['It is yours']);
  expect(await page.title()).toMatch(/^It is yours · /);
});

test('the line is as slow as 3G: the page says that it opens, and sells', async () => {
  const shopper = await atTheSale(async (page) => {
    const line = await page.context().newCDPSession(page);
    await line.send('Network.enable');
    await line.send('Network.emulateNetworkConditions', SLOW_3G);
  });
  const { page, keys } = shopper;
  await outcome(page, 'Opening the shop…').waitFor();
  await presses(page);
  await page.getByRole('button', { name: 'Sending…' }).waitFor();
  await thenItIsWon(shopper, sale.id);
  expect(new Set(keys).size).toBe(1);
});

test('a script does not arrive: the bare page says so', async () => {
  const { page } = await crowd.join('/', (page) => page.route('**/assets/*.js', (route) => route.abort()));
  await page.getByText('Please load it again.').waitFor();
});
