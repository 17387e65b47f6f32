/** The API's page: everything is there, it can be tried out, and it needs nobody else. */
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { aShopper, openBrowser, type Shopper as Reader } from './page.ts';
import { call, givenASale } from './stack.ts';

let browser: Browser;
let reader: Reader;

beforeAll(async () => {
  await givenASale();
  browser = await openBrowser();
});
afterAll(() => browser?.close());

afterEach(async () => {
  await reader.context.close();
  expect(reader.faults).toEqual([]);
});

/** At /docs, once the description is shown. */
async function aReader(): Promise<Reader> {
  reader = await aShopper(browser, '/docs');
  await reader.page.setViewportSize({ width: 1280, height: 900 });
  await reader.page.getByRole('heading', { name: /^Firstcome/ }).waitFor();
  return reader;
}

/** Method and path of each operation, sorted. */
async function described(): Promise<string[]> {
  const { paths } = await call<{ paths: Record<string, Record<string, unknown>> }>('/openapi.json');
  return Object.entries(paths)
    .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

async function summary(operation: Locator): Promise<string> {
  const method = await operation.locator('.opblock-summary-method').innerText();
  // A long path may be broken where the font allows it, by characters nobody sees.
  const path = await operation.locator('.opblock-summary-path').innerText();
  return `${method} ${path.replace(/[\s\u200b]/g, '')}`;
}

test('every operation of the description is on the page', async () => {
  const { page } = await aReader();
  expect(new URL(page.url()).pathname).toBe('/docs/');

  const shown = await Promise.all((await page.locator('.opblock').all()).map(summary));

  expect(shown.sort()).toEqual(await described());
});

test('a request is tried out against the very same shop', async () => {
  const { page } = await aReader();
  const operation = page.locator('#operations-catalogue-list_sales');
  await operation.locator('.opblock-summary').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();

  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/v1/sales');
  await operation.getByRole('button', { name: 'Execute' }).click();

  const answer = await answered;
  expect(answer.status()).toBe(200);
  const { sales } = (await answer.json()) as { sales: { id: string }[] };
  const shown = operation.locator('.live-responses-table .response');
  expect(await shown.locator('.response-col_status').innerText()).toContain('200');
  const body = await shown.locator('.response-col_description').innerText();
  expect(sales.length).toBeGreaterThan(0);
  expect(sales.map((sale) => body.includes(sale.id))).not.toContain(false);
});

test('the policy that the page is served with stays strict', async () => {
  const { page } = await aReader();
  const policy = (await page.request.get(page.url())).headers()['content-security-policy'];
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});

test('the licences of what the page is made of come with it', async () => {
  const { page } = await aReader();
  const files = await page.locator('footer a').evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
  expect(files).toHaveLength(3);
  for (const file of files) expect((await page.request.get(file)).status()).toBe(200);
});
