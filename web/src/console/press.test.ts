import { expect, test } from 'vitest';
import type { Answer } from './api.ts';
import { openPress } from './press.ts';

const done: Answer<string> = { ok: true, body: 'done' };
const underWay: Answer<undefined> = { ok: true, body: undefined };
const refused = (code: string): Answer<never> => ({ ok: false, problem: { code } });

/** A button whose server answers in turn. */
function givenAButton(...answers: Answer<string | undefined>[]) {
  const sent: string[] = [];
  let keys = 0;
  const press = openPress<object, string>(
    async (key, body) => {
      sent.push(`${key} ${JSON.stringify(body)}`);
      return answers.shift() ?? refused('no-more-answers');
    },
    { newKey: () => `k${(keys += 1)}`, wait: async () => {} },
  );
  return { press, sent };
}

test('a press ends with what the server did', async () => {
  const { press, sent } = givenAButton(done);
  await press.press({ stock: 1 });
  expect(press.state.value).toEqual({ at: 'done', body: 'done' });
  expect(sent).toEqual(['k1 {"stock":1}']);
});

test('after a lost answer the same key is sent again', async () => {
  const { press, sent } = givenAButton(refused('unreachable'), done);
  await press.press({});
  expect(press.state.value).toEqual({ at: 'open', problem: { code: 'unreachable' } });
  await press.press({});
  expect(press.state.value.at).toBe('done');
  expect(sent).toEqual(['k1 {}', 'k1 {}']);
});

test('after a lost answer another wish has another key', async () => {
  const { press, sent } = givenAButton(refused('unreachable'), done);
  await press.press({ stock: 1 });
  await press.press({ stock: 2 });
  expect(sent).toEqual(['k1 {"stock":1}', 'k2 {"stock":2}']);
});

test('a definite refusal ends the press: the next one has another key', async () => {
  const { press, sent } = givenAButton(refused('stale-version'), done);
  await press.press({});
  expect(press.state.value.at).toBe('refused');
  await press.press({});
  expect(sent).toEqual(['k1 {}', 'k2 {}']);
});

test('what is under way is asked for with the same key until it is decided, through lost answers', async () => {
  const { press, sent } = givenAButton(underWay, refused('unreachable'), underWay, done);
  const seen: string[] = [];
  press.state.subscribe(({ at }) => void seen.push(at));
  await press.press({});
  expect(new Set(sent)).toEqual(new Set(['k1 {}']));
  expect(sent).toHaveLength(4);
  expect(seen.filter((at, i) => at !== seen[i - 1])).toEqual(['ready', 'sending', 'under-way', 'done']);
});

test('what is under way may still be refused', async () => {
  const { press } = givenAButton(underWay, refused('closed'));
  await press.press({});
  expect(press.state.value).toEqual({ at: 'refused', problem: { code: 'closed' } });
});

test('a double press is one', async () => {
  const { press, sent } = givenAButton(done, done);
  await Promise.all([press.press({}), press.press({})]);
  expect(sent).toHaveLength(1);
});

test('nobody asks on for a dialog that was left', async () => {
  const { press, sent } = givenAButton(underWay, underWay);
  const pressed = press.press({});
  press.leave();
  await pressed;
  expect(sent).toHaveLength(1);
});
