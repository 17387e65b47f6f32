import { signal } from '@preact/signals';
import { expect, test } from 'vitest';
import type { Client } from '../shared/client.ts';
import type { Session, Who } from '../shared/session.ts';
import type { Answer } from './api.ts';
import { OTHER_OPERATOR, patient } from './desk.ts';

const OPERATOR: Who = { shopper_id: 'o1', role: 'operator', expires_at: '', email: 'ada@example.org' };
const SHOPPER: Who = { shopper_id: 's1', role: 'shopper', expires_at: '', email: 'bob@example.org' };
const refused = (code: string): Answer<never> => ({ ok: false, problem: { code } });

/** A desk at which an operator sits, and a server that answers in turn. `learnt` is who the server says they are. */
function givenADesk(answers: Answer<unknown>[], learnt: Who = OPERATOR) {
  const who = signal<Who>(OPERATOR);
  const isOpen = signal(true);
  let calls = 0;
  const call = (async () => {
    calls += 1;
    return answers.shift() ?? refused('no-more-answers');
  }) as unknown as Client;
  const session = { who, ended: () => (who.value = 'nobody'), learn: async () => (who.value = learnt) } as unknown as Session;
  const client = patient(call, session, isOpen);
  const press = () => client('post', '/v1/products', { header: { 'Idempotency-Key': 'k1' }, body: { name: 'Lamp', description: '' } });
  return { ...{ who, isOpen, press }, calls: () => calls, ask: () => client('get', '/v1/operations/partitions') };
}

/** Until everything that can go on has gone on. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

test('a call that finds the session ended is made again once an operator is back', async () => {
  const desk = givenADesk([refused('unauthorized'), { ok: true, body: 'done' }]);
  const answer = desk.ask();
  await settled();
  expect([desk.who.value, desk.calls()]).toEqual(['nobody', 1]);
  desk.who.value = SHOPPER;
  await settled();
  expect(desk.calls()).toBe(1);
  desk.who.value = { ...OPERATOR };
  expect(await answer).toEqual({ ok: true, body: 'done' });
});

test('a call that another tab has turned into a shopper’s waits as well', async () => {
  const desk = givenADesk([refused('forbidden'), { ok: true, body: 'done' }], SHOPPER);
  const answer = desk.ask();
  await settled();
  expect([desk.who.value, desk.calls()]).toEqual([SHOPPER, 1]);
  desk.who.value = { ...OPERATOR };
  expect(await answer).toEqual({ ok: true, body: 'done' });
});

test('what an operator may not do either is told', async () => {
  expect(await givenADesk([refused('forbidden')]).ask()).toEqual(refused('forbidden'));
});

test('other refusals are told at once', async () => {
  const desk = givenADesk([refused('busy')]);
  expect(await desk.ask()).toEqual(refused('busy'));
  expect(desk.who.value).toBe(OPERATOR);
});

test('calls end when the desk is left', async () => {
  const desk = givenADesk([refused('unauthorized')]);
  const answer = desk.ask();
  await settled();
  desk.isOpen.value = false;
  expect(await answer).toEqual(refused('unauthorized'));
});

test('what an operator pressed goes on when they are back', async () => {
  const desk = givenADesk([refused('unauthorized'), { ok: true, body: 'done' }]);
  const answer = desk.press();
  await settled();
  desk.who.value = { ...OPERATOR };
  expect(await answer).toEqual({ ok: true, body: 'done' });
});

test('what one operator pressed is not done as another, who may look all the same', async () => {
  const desk = givenADesk([refused('unauthorized'), refused('unauthorized'), { ok: true, body: 'seen' }]);
  const [pressed, asked] = [desk.press(), desk.ask()];
  await settled();
  desk.who.value = { ...OPERATOR, shopper_id: 'o2', email: 'eve@example.org' };
  expect(await pressed).toEqual({ ok: false, problem: OTHER_OPERATOR });
  expect(await asked).toEqual({ ok: true, body: 'seen' });
  expect(desk.calls()).toBe(3);
});

test('a command that is asked for again while nobody is there waits for the one who pressed it', async () => {
  const desk = givenADesk([{ ok: true, body: undefined }, refused('unauthorized'), { ok: true, body: 'done' }]);
  await desk.press();
  desk.who.value = 'nobody';
  const answer = desk.press();
  await settled();
  desk.who.value = { ...OPERATOR };
  expect([await answer, desk.calls()]).toEqual([{ ok: true, body: 'done' }, 3]);
});

test('a command that is asked for again while nobody is there is not sent for another operator', async () => {
  const desk = givenADesk([{ ok: true, body: undefined }, refused('unauthorized')]);
  await desk.press();
  desk.who.value = 'nobody';
  const answer = desk.press();
  await settled();
  desk.who.value = { ...OPERATOR, shopper_id: 'o2' } as Who;
  expect([await answer, desk.calls()]).toEqual([{ ok: false, problem: OTHER_OPERATOR }, 2]);
});
