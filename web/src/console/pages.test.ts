import { expect, test } from 'vitest';
import type { Answer, Rows } from './api.ts';
import { openPages } from './pages.ts';

/** Three pages of one row each, whose cursors are their numbers. */
function givenPages() {
  const faults: string[] = [];
  const pages = openPages<string>(async (cursor = '0'): Promise<Answer<Rows<string>>> => {
    const code = faults.shift();
    if (code) return { ok: false, problem: { code } };
    return { ok: true, body: { rows: [`row ${cursor}`], next: cursor === '2' ? undefined : String(Number(cursor) + 1) } };
  });
  const shown = () => [pages.page.value, pages.rows.value?.[0], pages.hasNext.value];
  return { pages, shown, faults };
}

test('forward to the last page, and back', async () => {
  const { pages, shown } = givenPages();
  await pages.reload();
  expect(shown()).toEqual([1, 'row 0', true]);
  await pages.next();
  await pages.next();
  expect(shown()).toEqual([3, 'row 2', false]);
  await pages.next();
  expect(shown()).toEqual([3, 'row 2', false]);
  await pages.back();
  expect(shown()).toEqual([2, 'row 1', true]);
});

test('a page that does not come leaves the one that is there', async () => {
  const { pages, shown, faults } = givenPages();
  await pages.reload();
  faults.push('unreachable');
  await pages.next();
  expect(shown()).toEqual([1, 'row 0', true]);
  expect(pages.problem.value?.code).toBe('unreachable');
  await pages.next();
  expect(shown()).toEqual([2, 'row 1', true]);
  expect(pages.problem.value).toBeUndefined();
});

test('of two questions the later one counts', async () => {
  const waiting: ((answer: Answer<Rows<string>>) => void)[] = [];
  const pages = openPages<string>(() => new Promise((resolve) => waiting.push(resolve)));
  const both = [pages.reload(), pages.reload()];
  waiting[1]?.({ ok: true, body: { rows: ['new'], next: undefined } });
  waiting[0]?.({ ok: true, body: { rows: ['old'], next: undefined } });
  await Promise.all(both);
  expect(pages.rows.value).toEqual(['new']);
  expect(pages.busy.value).toBe(false);
});
