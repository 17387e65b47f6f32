/**
 * Files made from others are what they are made from. `npm run generate` runs these tests and writes the files instead;
 * this way it works on every supported Node, and there is no second program to keep right.
 */
import { readdir, readFile } from 'node:fs/promises';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { expect, test } from 'vitest';
import { limitsOf } from './limits.ts';
import { compileMessages, type Messages } from './messages.ts';

/** The order of `LANGUAGES` in src/shared/language.ts. */
const LANGUAGES = ['en', 'de'];

const web = (path: string) => new URL(`../${path}`, import.meta.url);
const json = async <T>(path: string): Promise<T> => JSON.parse(await readFile(web(path), 'utf8'));

test('the API types are those of the description', async () => {
  const types = await openapiTS(await json<OpenAPI3>('../docs/openapi.json'));
  const source = `// Generated from docs/openapi.json by \`npm run generate\`.\n${astToString(types)}`;
  await expect(source).toMatchFileSnapshot('../src/shared/api.gen.ts');
});

test('the limits of the console are those of the description', async () => {
  const { components } = await json<{ components: { schemas: Parameters<typeof limitsOf>[0] } }>('../docs/openapi.json');
  const source = limitsOf(components.schemas, ['NewProduct', 'NewSale', 'Price', 'Restock', 'ChangedTerms', 'Why']);
  await expect(source).toMatchFileSnapshot('../src/console/limits.gen.ts');
});

const parts = (await readdir(web(`messages/${LANGUAGES[0]}`))).map((file) => file.replace('.json', ''));

test.each(parts)('the %s messages are the same in every language, and compiled', async (part) => {
  const files = LANGUAGES.map(async (language) => [language, await json<Messages>(`messages/${language}/${part}.json`)] as const);
  const source = compileMessages(Object.fromEntries(await Promise.all(files)), part === 'shared' ? './language.ts' : '../shared/language.ts');
  await expect(source).toMatchFileSnapshot(`../src/${part}/messages.gen.ts`);
});

test.each(parts)('every one of the %s messages is said somewhere', async (part) => {
  const files = (await readdir(web('src'), { recursive: true })).filter((file) => /\.tsx?$/.test(file) && !/\.(gen|test)\.ts/.test(file));
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(web(`src/${file}`), 'utf8')] as const));
  // A page's own messages are `m` there; those of all pages are `m` beside them and `shared` elsewhere.
  const says = (key: string) => texts.some(([file, text]) => {
    const own = file.startsWith(`${part}/`);
    return (own || part === 'shared') && new RegExp(`\\b${own ? 'm' : 'shared'}\\.${key}\\b`).test(text);
  });
  const keys = Object.keys(await json<Messages>(`messages/${LANGUAGES[0]}/${part}.json`));
  expect(keys.filter((key) => !says(key))).toEqual([]);
});

test.each(LANGUAGES.slice(1))('%s has no message file that the others lack', async (language) => {
  expect((await readdir(web(`messages/${language}`))).sort()).toEqual((await readdir(web(`messages/${LANGUAGES[0]}`))).sort());
});
