/** Shoppers with accounts: signing up, buying, orders, signing out, and sessions that end too early. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buyButton, Crowd, firstPurchaseIs, orderNumber, outcome, presses, problem, thenItIsWon } from './page.ts';
import { BASE, givenASale, type Sale } from './stack.ts';

const crowd = new Crowd();
let sale: Sale;

beforeAll(async () => {
  sale = await givenASale();
  await crowd.open();
});
afterAll(() => crowd.close());
afterEach(() => crowd.leave());

const PASSWORD = 'correct horse battery staple';
const anEmail = () => `shopper-${crypto.randomUUID()}@example.org`;

async function fillsIn(page: Page, email: string, button: string): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.locator('form').getByRole('button', { name: button, exact: true }).first().click();
}

async function signsUp(page: Page, email: string): Promise<void> {
  await page.locator('form').getByRole('button', { name: 'Create account' }).click();
  await fillsIn(page, email, 'Create account');
  await page.getByText(`You are signed in as ${email}.`).waitFor();
}

/** The shop as one that sells to accounts only. */
const noGuests = async (page: Page) => {
  await page.route('**/v1/sessions/guest', (route) => route.fulfill(problem(403, 'forbidden')));
  await page.route('**/config.json', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), guest_sessions: false } });
  });
};

test('a shopper signs up, buys, finds the order, and leaves nothing behind when signing out', async () => {
  const shopper = await crowd.join('/?view=account');
  const { page } = shopper;
  await signsUp(page, anEmail());
  await page.getByRole('link', { name: 'Firstcome' }).click();
  await page.locator(`a[href="/?sale=${sale.id}"]`).click();
  await presses(page);
  const order = await thenItIsWon(shopper, sale.id);

  await page.getByRole('link', { name: 'See your orders' }).click();
  expect(await orderNumber(page).innerText()).toBe(order);
  await page.getByRole('link', { name: sale.product.name }).waitFor();

  await page.getByRole('link', { name: 'Account' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Email').waitFor();
  await page.goto(`${BASE}/?sale=${sale.id}`);
  await buyButton(page).waitFor();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(order);
  await page.getByRole('link', { name: 'Orders', exact: true }).click();
  await page.getByText('Sign in to see your orders.').waitFor();
});

test('a shopper signs out in one tab, and another one forgets them, too', async () => {
  const shopper = await crowd.join('/?view=account');
  await signsUp(shopper.page, anEmail());
  const other = await shopper.context.newPage();
  await other.goto(`${BASE}/?sale=${sale.id}`);
  await presses(other);
  const order = await thenItIsWon({ ...shopper, page: other }, sale.id);
  await shopper.page.getByRole('button', { name: 'Sign out' }).click();
  await buyButton(other).waitFor();
  expect(await other.locator('main').innerText()).not.toContain(order);
  await other.getByRole('link', { name: 'Sign in' }).waitFor();
});

test('a form that is wrong says what is, where it is, and sends nothing', async () => {
  const { page } = await crowd.join('/?view=account');
  const sent: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  await page.getByLabel('Email').fill('ada');
  await page.getByLabel('Password').fill('short');
  await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Write an address like ada@example.org.').waitFor();
  await page.getByText('The password has at least 8 characters.').waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('email');
  expect(sent).toEqual([]);
});

test('a press reaches the button although a fault of two lines appears above it', async () => {
  const { page } = await crowd.join('/?view=account', undefined, { locale: 'de-DE' });
  await page.getByLabel('Passwort').fill(PASSWORD);
  await page.getByLabel('E-Mail').fill('ada');
  // At its upper edge, where the button would not be any more.
  await page.locator('form .main').click({ position: { x: 20, y: 4 } });
  await page.getByText('Schreiben Sie eine Adresse').waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('email');
});

test('a wrong password and a taken address are told, and can be mended', async () => {
  const email = anEmail();
  const { page } = await crowd.join('/?view=account');
  await fillsIn(page, email, 'Sign in');
  await page.getByText('There is no account with this email and this password.').waitFor();
  await signsUp(page, email);

  const { page: other } = await crowd.join('/?view=account');
  await other.locator('form').getByRole('button', { name: 'Create account' }).click();
  await fillsIn(other, email, 'Create account');
  await other.getByText('There is an account with this email already. Sign in instead.').waitFor();
});

test('a session that ends half-way: sign in again, and the same purchase goes on', async () => {
  const email = anEmail();
  const shopper = await crowd.join('/?view=account');
  const { page, context, keys } = shopper;
  await signsUp(page, email);
  await page.goto(`${BASE}/?sale=${sale.id}`);
  await buyButton(page).waitFor();
  await context.clearCookies();
  await presses(page);
  await outcome(page, 'Your session has ended').waitFor();
  await page.reload();
  await outcome(page, 'Your session has ended').waitFor();
  await fillsIn(page, email, 'Sign in');
  await thenItIsWon(shopper, sale.id);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

test('where no guests are let in, buying asks for an account and then goes on by itself', async () => {
  const shopper = await crowd.join(`/?sale=${sale.id}`, noGuests);
  const { page, keys } = shopper;
  await page.getByText('This shop sells to accounts only.').waitFor();
  await presses(page);
  await outcome(page, 'Sign in to buy').waitFor();
  await page.locator('form').getByRole('button', { name: 'Create account' }).click();
  await fillsIn(page, anEmail(), 'Create account');
  await thenItIsWon(shopper, sale.id);
  expect(new Set(keys).size).toBe(1);
});

test('orders that cannot be looked up now say so, and come when they can', async () => {
  const { page } = await crowd.join('/?view=account');
  await signsUp(page, anEmail());
  await page.route('**/v1/orders?*', (route) => route.fulfill(problem(503, 'unavailable', { retry_after_ms: 2_000 })));
  await page.getByRole('link', { name: 'Orders', exact: true }).click();
  await page.getByText('Try again in 2 seconds.').waitFor();
  await page.unroute('**/v1/orders?*');
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.getByText('You have not bought anything yet.').waitFor();
});

test('a purchase that met a busy shop goes on while its shopper reads something else', async () => {
  const shopper = await crowd.join(`/?sale=${sale.id}`, (page) => firstPurchaseIs(page, (route) => route.fulfill(problem(503, 'busy', { retry_after_ms: 1_000 }))));
  const { page, keys } = shopper;
  await presses(page);
  await page.getByRole('link', { name: 'Orders', exact: true }).click();
  await page.getByRole('heading', { name: 'My orders' }).waitFor();
  await expect.poll(() => keys.length).toBeGreaterThan(1);
  await page.goBack();
  await thenItIsWon(shopper, sale.id);
  expect(new Set(keys).size).toBe(1);
});
