import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aShopperBuys, atTheDesk, atTheDoor, blemishes, commands, dialog, givenASaleOf, heading, leaves, signsIn, theSale, told, TOKEN, type Operator, type Sale, type Surroundings } from './operator.ts';
import { openBrowser, problem } from './page.ts';
import { BASE, call } from './stack.ts';

let browser: Browser;
let operators: Operator[] = [];

beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser?.close());
afterEach(async () => {
  const leaving = operators;
  operators = [];
  for (const operator of leaving) await leaves(operator);
});

async function anOperator(path?: string, surroundings?: Surroundings): Promise<Page> {
  const operator = await atTheDesk(browser, path, surroundings);
  operators.push(operator);
  return operator.page;
}

const at = (sale: Sale, part = '') => `/console/#/sales/${sale.id}${part}`;
const badge = (page: Page, state: string) => page.locator('.sale-head .badge', { hasText: state });
const tile = (page: Page, name: string) => page.locator('.tile', { has: page.getByText(name, { exact: true }) });

describe('at the door', () => {
  test('a shopper’s account is told kindly, and an operator’s gets in', async () => {
    const email = `shopper-${Date.now()}@example.com`;
    const credentials = { email, password: 'correct horse battery' };
    await call('/v1/accounts', { method: 'POST', body: credentials });
    const operator = await atTheDoor(browser, '/console');
    operators.push(operator);
    const { page } = operator;
    await heading(page, 'Sign in to run sales').waitFor();
    expect(await page.getByRole('button', { name: 'Create account' }).count()).toBe(0);
    await signsIn(page, email, credentials.password);
    await heading(page, 'This account is a shopper’s').waitFor();
    expect(await page.locator('main').innerText()).toContain(email);
    expect(await page.getByRole('navigation', { name: 'Views' }).count()).toBe(0);
    await signsIn(page);
    await heading(page, 'Sales').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Sign in to run sales').waitFor();
  });

  test('nobody sees a blank page while the server is away', async () => {
    const operator = await atTheDoor(browser, '/console/', { before: (page) => page.route('**/v1/**', (route) => route.abort()) });
    operators.push(operator);
    await heading(operator.page, 'The shop does not answer').waitFor();
    await operator.page.unroute('**/v1/**');
    await operator.page.getByRole('button', { name: 'Try now' }).click();
    await heading(operator.page, 'Sign in to run sales').waitFor();
  });
});

test('an operator’s day: product, sale, watch, pause, resume, restock, extend, orders, ticket, audit, close', async () => {
  const page = await anOperator();
  const name = `Brass lamp ${Date.now()}`;

  await page.getByRole('link', { name: 'New product' }).click();
  await page.getByRole('button', { name: 'Create product' }).click();
  await page.getByText('This is needed.').waitFor();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create product' }).click();

  await told(page, `${name} is in the catalogue.`).waitFor();
  await page.getByLabel('Stock').fill('10000001');
  await page.getByRole('button', { name: 'Check and open' }).click();
  await page.getByText('A whole number from 0 to 10,000,000.').waitFor();
  expect(await page.getByLabel('Stock').evaluate((field) => field === document.activeElement)).toBe(true);
  await page.getByLabel('Stock').fill('10');
  await page.getByLabel('Price of one unit').fill('49,00');
  await page.getByLabel('Starts').fill('2026-01-01T09:00');
  await page.getByText('That is 1 Jan 2026, 08:00 UTC.').waitFor();
  await page.getByLabel('Ends').fill('2099-01-01T09:00');
  await page.getByRole('button', { name: 'Check and open' }).click();
  expect(await dialog(page).innerText()).toMatch(/€49\.00[^]*09:00 CET[^]*08:00 UTC/);
  await dialog(page).getByRole('button', { name: 'Open the sale' }).click();

  await told(page, `The sale of ${name} is open.`).waitFor();
  await heading(page, name).waitFor();
  const sale = await theSale(new URL(page.url()).hash.split('/').at(-1) ?? '');
  expect(sale).toMatchObject({ state: 'active', stock: 10, remaining: 10 });

  const tickets = [await aShopperBuys(sale.id), await aShopperBuys(sale.id), await aShopperBuys(sale.id)];
  await page.getByText('3 sold + 7 left = 10 in stock').waitFor();
  await tile(page, 'Accepted').getByText('3 in total').waitFor();
  expect(await page.locator('canvas').count()).toBe(4);
  await page.getByRole('img', { name: /^Units left: left 7$/ }).waitFor();

  await commands(page, 'Pause', 'Pause', 'The poster is wrong.');
  await told(page, 'The sale is paused.').waitFor();
  await badge(page, 'Paused').waitFor();
  expect((await theSale(sale.id)).state).toBe('paused');
  await expect(aShopperBuys(sale.id)).rejects.toThrow('/problems/paused');
  await page.getByRole('row', { name: /^paused .* 1$/ }).waitFor();

  await commands(page, 'Resume', 'Resume');
  await badge(page, 'Active').waitFor();

  await page.getByRole('button', { name: 'Restock' }).click();
  await dialog(page).getByLabel('Stock').fill('2');
  await dialog(page).getByRole('button', { name: 'Set the stock' }).click();
  await page.getByText('Not less than the 3 that are sold.').waitFor();
  await dialog(page).getByLabel('Stock').fill('20');
  // Somebody else is quicker.
  await call(`/v1/sales/${sale.id}/restock`, { method: 'POST', token: TOKEN, body: { stock: 15, version: (await theSale(sale.id)).version } });
  // The page knows by now; what the operator typed was meant for what they saw before.
  await tile(page, 'Left').getByText('of 15; 3 sold').waitFor();
  await dialog(page).getByRole('button', { name: 'Set the stock' }).click();
  await dialog(page).getByText('Somebody else has changed the sale since.').waitFor();
  expect((await theSale(sale.id)).stock).toBe(15);
  await dialog(page).getByRole('button', { name: 'Look again' }).click();
  await dialog(page).getByRole('button', { name: 'Set the stock' }).click();
  await told(page, 'The stock is 20 now.').waitFor();
  await tile(page, 'Left').getByText('of 20; 3 sold').waitFor();

  const before = Date.parse((await theSale(sale.id)).ends_at);
  await page.getByRole('button', { name: 'Extend or change' }).click();
  await dialog(page).getByRole('button', { name: '+ 15 minutes' }).click();
  await dialog(page).getByRole('button', { name: 'Change', exact: true }).click();
  await told(page, 'The terms are changed.').waitFor();
  expect(Date.parse((await theSale(sale.id)).ends_at) - before).toBe(15 * 60_000);

  await page.getByRole('link', { name: 'Orders' }).click();
  await page.getByRole('button', { name: `Cancel order ${tickets[1]}` }).click();
  await dialog(page).getByLabel('Reason').fill('The shopper asked for it.');
  await dialog(page).getByRole('button', { name: 'Cancel the order' }).click();
  await told(page, 'The order is cancelled.').waitFor();
  await page.getByRole('row', { name: new RegExp(`^${tickets[1]}.*Cancelled `) }).waitFor();
  expect((await theSale(sale.id)).remaining).toBe(18);

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download all as CSV' }).click()]);
  expect(download.suggestedFilename()).toBe(`orders-${sale.id}.csv`);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
  expect(lines[0]).toContain('order_id');
  expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(tickets);

  await page.getByRole('link', { name: 'Tickets' }).click();
  await page.getByLabel('Ticket or order number').fill('not a ticket');
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText('A number like').waitFor();
  await page.getByLabel('Ticket or order number').fill(tickets[0] ?? '');
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText('won', { exact: true }).waitFor();
  await page.getByText('read from the log').waitFor();
  await page.getByLabel('Ticket or order number').fill('00000000-0000-8200-82ec-c3d65e4afbc1');
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText('This shop has not sealed this ticket').waitFor();

  await page.goto(BASE + at(sale, '/audit'));
  await page.getByRole('row', { name: /pause.*The poster is wrong\..*done/ }).waitFor();
  expect(await page.getByRole('row', { name: /cancel.*The shopper asked for it\.|restock|change|resume|open/ }).count()).toBeGreaterThanOrEqual(6);

  await commands(page, 'Close', 'Close');
  await badge(page, 'Closed').waitFor();
  await dialog(page).waitFor({ state: 'detached' });
  expect(await page.getByRole('group', { name: 'Commands' }).getByRole('button').count()).toBe(0);
  expect((await theSale(sale.id)).state).toBe('closed');
});

describe('bad luck', () => {
  test('an answer that is lost: pressing again is the same command, done once', async () => {
    const sale = await givenASaleOf(5);
    const page = await anOperator(at(sale));
    const keys: string[] = [];
    await page.route('**/pause', async (route) => {
      keys.push(route.request().headers()['idempotency-key'] ?? 'none');
      const answer = await route.fetch();
      // It reaches the server, and the first answer reaches nobody.
      return keys.length === 1 ? route.abort() : route.fulfill({ response: answer });
    });
    await commands(page, 'Pause', 'Pause');
    await dialog(page).getByText('Pressing again is safe').waitFor();
    await dialog(page).getByRole('button', { name: 'Try again' }).click();
    await badge(page, 'Paused').waitFor();
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    const { actions } = await call<{ actions: { action: string; ruling: string }[] }>(`/v1/operations/audit?sale=${sale.id}`, { token: TOKEN });
    expect(actions.filter(({ action, ruling }) => action === 'pause' && ruling === 'applied')).toHaveLength(1);
  });

  test('an answer that is lost, and a dialog that is left: the sale is still opened once', async () => {
    await givenASaleOf(1);
    const page = await anOperator('/console/#/sales/new');
    const keys: string[] = [];
    await page.route('**/v1/sales', async (route) => {
      keys.push(route.request().headers()['idempotency-key'] ?? 'none');
      const answer = await route.fetch();
      return keys.length === 1 ? route.abort() : route.fulfill({ response: answer });
    });
    await page.getByLabel('Product').selectOption({ index: 1 });
    await page.getByLabel('Stock').fill('3');
    await page.getByLabel('Price of one unit').fill('5');
    await page.getByRole('button', { name: 'Check and open' }).click();
    await dialog(page).getByRole('button', { name: 'Open the sale' }).click();
    await dialog(page).getByText('Pressing again is safe').waitFor();
    await dialog(page).getByRole('button', { name: 'Back' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Check and open' }).click();
    await dialog(page).getByRole('button', { name: 'Open the sale' }).click();
    await told(page, 'is announced.').waitFor();
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  test('Escape while a command is on its way does not lose what comes of it', async () => {
    const sale = await givenASaleOf(5);
    const page = await anOperator(at(sale));
    let answered = () => {};
    const held = new Promise<void>((resolve) => (answered = resolve));
    await page.route('**/pause', async (route) => {
      await held;
      await route.continue();
    });
    await commands(page, 'Pause', 'Pause');
    await dialog(page).getByRole('button', { name: 'Sending' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    // The browser closes it at the second one, whatever the page says; it is there again.
    await dialog(page).getByRole('button', { name: 'Sending' }).waitFor();
    answered();
    await told(page, 'The sale is paused.').waitFor();
  });

  test('a command that takes long is said to be under way, and asked for until it is decided', async () => {
    const sale = await givenASaleOf(5);
    const page = await anOperator(at(sale));
    let asked = 0;
    await page.route('**/close', (route) => ((asked += 1) < 3 ? route.fulfill({ status: 202 }) : route.continue()));
    await commands(page, 'Close', 'Close');
    await dialog(page).getByText('It is logged and will be decided').waitFor();
    await badge(page, 'Closed').waitFor();
    expect(asked).toBe(3);
  });

  test('a session that ends mid-way: sign in again, and what was typed and pressed goes on', async () => {
    const page = await anOperator('/console/#/products/new');
    await page.getByLabel('Name').fill('Lamp of a lost session');
    await page.getByLabel('Description').fill('Still here.');
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Create product' }).click();
    await dialog(page).getByText('Your session has ended').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    expect(await page.getByLabel('Description').inputValue()).toBe('Still here.');
    await signsIn(dialog(page));
    await told(page, 'Lamp of a lost session is in the catalogue.').waitFor();
  });

  test('answers that stop: the figures are called old, and young again when answers come', async () => {
    const sale = await givenASaleOf(5);
    const page = await anOperator(at(sale));
    await page.getByText('Up to date', { exact: true }).waitFor();
    await page.route('**/v1/operations/sales/**', (route) => route.abort());
    await page.getByText(/^Old: \d+ seconds$/).waitFor();
    await page.getByText('These figures are from').waitFor();
    expect(await tile(page, 'Left').innerText()).toContain('5');
    await page.unroute('**/v1/operations/sales/**');
    await page.getByText('Up to date', { exact: true }).waitFor();
  });

  test('an order that is missing from the books stands out, and books that nobody has are not called good', async () => {
    const sale = await givenASaleOf(5);
    let books: object | null = { orders: 1, sold: 2, stock: 5 };
    const page = await anOperator(at(sale), {
      before: (page) =>
        page.route('**/v1/operations/sales/**', async (route) => {
          const response = await route.fetch();
          return route.fulfill({ response, json: { ...((await response.json()) as object), books } });
        }),
    });
    await page.getByRole('alert').filter({ hasText: 'One order is counted, and 2 of 5 in stock are sold: that does not add up.' }).waitFor();
    books = null;
    await page.getByText('Whether the orders and the stock add up is not known now').waitFor();
    expect(await page.getByText('does not add up').count()).toBe(0);
  });

  test('a partition that has halted says so and leads to its runbook', async () => {
    const page = await anOperator('/console/#/partitions', {
      before: (page) =>
        page.route('**/v1/operations/partitions', async (route) => {
          const response = await route.fetch();
          const { partitions, ...more } = (await response.json()) as { partitions: object[] };
          return route.fulfill({ response, json: { ...more, partitions: partitions.map((one, i) => (i === 0 ? { ...one, halted: 'violates sales_never_oversold' } : one)) } });
        }),
    });
    const row = page.getByRole('row', { name: /^0 Halted: violates sales_never_oversold/ });
    await row.getByRole('link', { name: 'Runbook: a halted partition' }).click();
    await page.getByText('Lift the halt as the owner of the database.').waitFor();
  });

  test('a refusal of a list leaves a way to try again', async () => {
    const page = await anOperator('/console/#/audit', { before: (page) => page.route('**/v1/operations/audit*', (route) => route.fulfill(problem(503, 'unavailable'))) });
    await page.getByText('The database cannot be asked now.').waitFor();
    await page.unroute('**/v1/operations/audit*');
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByRole('table').waitFor();
  });
});

describe('for everybody', () => {
  test('charts are held and go on', async () => {
    const sale = await givenASaleOf(5);
    const page = await anOperator(at(sale));
    const left = page.getByRole('img', { name: /^Units left/ });
    await expect.poll(() => left.getAttribute('aria-label')).toBe('Units left: left 5');
    await page.getByRole('button', { name: 'Hold the charts' }).click();
    await aShopperBuys(sale.id);
    await tile(page, 'Left').getByText('of 5; 1 sold').waitFor();
    expect(await left.getAttribute('aria-label')).toBe('Units left: left 5');
    await page.getByRole('button', { name: 'Let the charts go on' }).click();
    await expect.poll(() => left.getAttribute('aria-label')).toBe('Units left: left 4');
  });

  test('the keyboard is enough, and the focus comes back from a dialog', async () => {
    const sale = await givenASaleOf(5);
    const page = await anOperator(at(sale));
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.focus();
    await page.keyboard.press('Enter');
    await dialog(page).getByLabel('Reason').waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await expect.poll(() => dialog(page).getByLabel('Reason').evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.type('By keyboard.');
    await page.keyboard.press('Enter');
    await badge(page, 'Paused').waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await expect.poll(focused).toBe('Resume');
  });

  test('in German, whose words are longer: no view has a blemish on the smallest screen', { timeout: 120_000 }, async () => {
    const sale = await givenASaleOf(3);
    const ticket = await aShopperBuys(sale.id);
    const page = await anOperator('/console/', { width: 320 });
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
    await heading(page, 'Verkäufe').waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    for (const [hash] of viewsOf(sale.id, ticket)) {
      await page.evaluate((to) => void (location.hash = to), hash);
      await expect.poll(() => page.getByText('Wird geladen').count()).toBe(0);
      expect(await blemishes(page), hash).toEqual([]);
    }
  });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 320],
    ['dark', 320],
  ])('no view has a blemish: %s, %i px', { timeout: 120_000 }, async (scheme, width) => {
    const sale = await givenASaleOf(3);
    const ticket = await aShopperBuys(sale.id);
    const operator = await atTheDoor(browser, '/console/', { dark: scheme === 'dark', width });
    operators.push(operator);
    const { page } = operator;
    const found: Record<string, string[]> = {};
    const look = async (name: string) => {
      const wrong = await blemishes(page);
      if (wrong.length > 0) found[name] = wrong;
    };
    await heading(page, 'Sign in to run sales').waitFor();
    await look('sign in');
    await signsIn(page);
    for (const [hash, seen] of viewsOf(sale.id, ticket)) {
      await page.evaluate((to) => void (location.hash = to), hash);
      await page.getByText(seen).first().waitFor();
      await look(hash);
    }
    await page.evaluate((to) => void (location.hash = to), `#/sales/${sale.id}`);
    for (const name of ['Pause', 'Extend or change', 'Restock', 'Close']) {
      await page.getByRole('button', { name, exact: true }).click();
      await dialog(page).waitFor();
      await look(name);
      await page.getByRole('button', { name: 'Back' }).click();
    }
    await page.evaluate(() => void (location.hash = '#/sales/new'));
    await page.getByRole('button', { name: 'Check and open' }).click();
    await page.getByText('Choose a product.').waitFor();
    expect(await page.getByLabel('Product').evaluate((field) => field === document.activeElement)).toBe(true);
    await look('faults');
    expect(found).toEqual({});
  });
});

/** Every view, with a text that is there once it has what it shows. */
function viewsOf(sale: string, ticket: string): [hash: string, seen: string | RegExp][] {
  return [
    ['#/', /Console lamp/],
    ['#/products', /Console lamp/],
    ['#/products/new', 'Create product'],
    ['#/sales/new', 'Check and open'],
    [`#/sales/${sale}`, '1 sold + 2 left = 3 in stock'],
    [`#/sales/${sale}/orders`, ticket],
    [`#/sales/${sale}/audit`, 'unit_limit'],
    [`#/tickets/${ticket}`, 'read from the log'],
    ['#/audit', 'unit_limit'],
    ['#/partitions', 'runs'],
    ['#/runbooks/prove-a-sale', 'This text is in English.'],
    ['#/elsewhere', 'There is nothing here'],
  ];
}
