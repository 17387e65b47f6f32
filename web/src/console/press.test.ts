import { describe, expect, test } from 'vitest';
import type { Answer } from './api.ts';
import { openPress, openPresses, wishOf } from './press.ts';

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

describe('a dialog that was closed and opened again', () => {
  test('repeats the press whose answer was lost, and says so', async () => {
    const { press, sent } = givenAButton(refused('unreachable'), done);
    await press.press({ stock: 1 });
    press.leave();
    expect([press.state.value.at, press.repeats({ stock: 1 }), press.repeats({ stock: 2 })]).toEqual(['ready', true, false]);
    await press.press({ stock: 1 });
    expect(press.state.value.at).toBe('done');
    expect(sent).toEqual(['k1 {"stock":1}', 'k1 {"stock":1}']);
  });

  test('asks on for what is under way with its key', async () => {
    const { press, sent } = givenAButton(underWay, done);
    const left = press.state.subscribe(({ at }) => at === 'under-way' && press.leave());
    await press.press({});
    left();
    expect([press.state.value.at, sent.length]).toEqual(['ready', 1]);
    await press.press({});
    expect(press.state.value.at).toBe('done');
    expect(sent).toEqual(['k1 {}', 'k1 {}']);
  });

  test('is told the end that came meanwhile', async () => {
    const { press } = givenAButton(refused('closed'));
    const pressed = press.press({});
    press.leave();
    await pressed;
    expect(press.state.value).toEqual({ at: 'refused', problem: { code: 'closed' } });
  });
});

describe('the presses of a desk', () => {
  const desk = () => {
    let keys = 0;
    return openPresses({ newKey: () => `k${(keys += 1)}`, wait: async () => {} });
  };
  const sending = (keys: string[], answer: Answer<string>) => async (key: string) => {
    keys.push(key);
    return answer;
  };

  test.each([
    ['nobody knows its end: it goes on', 'unreachable', ['k1', 'k1']],
    ['it was refused: the next is another', 'closed', ['k1', 'k2']],
  ])('%s', async (_, code, expected) => {
    const presses = desk();
    const keys: string[] = [];
    for (const answer of [refused(code), done]) {
      const press = presses.of<object, string>('pause s1 3', sending(keys, answer));
      await press.press({});
      press.leave();
    }
    expect(keys).toEqual(expected);
  });

  test('another wish has a press of its own, also with the same body', async () => {
    const presses = desk();
    const keys: string[] = [];
    for (const sale of [{ id: 's1', version: 3 }, { id: 's1', version: 4 }, { id: 's2', version: 3 }]) {
      await presses.of<object, string>(wishOf('pause', sale), sending(keys, refused('unreachable'))).press({});
    }
    expect(keys).toEqual(['k1', 'k2', 'k3']);
  });

  test('whoever sits down next begins anew', async () => {
    const presses = desk();
    const keys: string[] = [];
    await presses.of<object, string>('open a sale', sending(keys, refused('unreachable'))).press({});
    presses.forget();
    await presses.of<object, string>('open a sale', sending(keys, done)).press({});
    expect(keys).toEqual(['k1', 'k2']);
  });
});
