/** The operator's desk: who sits at it, where they are, and a way to the server that waits out a session that has ended. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { createClient, type Client } from '../shared/client.ts';
import { createClock, type Clock } from '../shared/clock.ts';
import { problemWords } from '../shared/problems.ts';
import { ACCOUNT, openSession, type Session, type Who } from '../shared/session.ts';
import { browserStorage } from '../shared/storage.ts';
import { openPresses, type Presses } from './press.ts';
import { operatorApi, type Answer, type Problem, type OperatorApi } from './api.ts';
import { address, routeOf, type Route } from './route.ts';

/** What stands before the desk: nothing once it is open. */
export type Gate = 'opening' | 'unreachable' | 'sign-in' | 'not-operator' | 'open';

export interface Desk {
  api: OperatorApi;
  clock: Clock;
  session: Session;
  /** What was pressed here and has not come to its end. */
  presses: Presses;
  gate: ReadonlySignal<Gate>;
  /** The session has ended under somebody's hands: everything stays as it is until they are back. */
  isInterrupted: ReadonlySignal<boolean>;
  route: ReadonlySignal<Route>;
  /** What became of the last command; it stands above the view and is read out. */
  told: ReadonlySignal<string>;
  tell(text: string): void;
  /** To another view, with a word about what has led there. */
  go(to: Route, word?: string): void;
  retry(): Promise<void>;
  leave(): Promise<void>;
}

export const isOperator = (who: Who): boolean => typeof who === 'object' && who.role === 'operator';

export function openDesk(): Desk {
  const clock = createClock(() => performance.now(), Date.now());
  const bare = createClient(clock.hear);
  const session = openSession(bare, browserStorage());
  const hasAsked = signal(false);
  const isOpen = signal(false);
  const route = signal<Route>(routeOf(location.hash));
  const told = signal('');
  const presses = openPresses();

  const gate = computed<Gate>(() => {
    if (isOpen.value) return 'open';
    const who = session.who.value;
    if (who === 'unknown') return hasAsked.value ? 'unreachable' : 'opening';
    return who === 'nobody' ? 'sign-in' : 'not-operator';
  });
  let seated: string | undefined;
  effect(() => {
    const who = session.who.value;
    if (!isOperator(who)) return;
    isOpen.value = true;
    if (idOf(who) !== seated) presses.forget();
    seated = idOf(who);
  });
  const isInterrupted = computed(() => isOpen.value && !isOperator(session.who.value));

  async function retry() {
    await session.learn();
    hasAsked.value = true;
  }

  async function leave() {
    const answer = await session.signOut();
    if (answer.ok) isOpen.value = false;
    else tell(problemWords(answer.problem));
  }

  const tell = (text: string) => void (told.value = text);
  let wordOfWay = '';

  function go(to: Route, word = '') {
    wordOfWay = word;
    location.hash = address(to);
  }

  addEventListener('hashchange', () => {
    // What was told before was about the view that is left.
    tell(wordOfWay);
    wordOfWay = '';
    route.value = routeOf(location.hash);
  });
  // Another tab has signed in, for this one too.
  addEventListener('storage', ({ key }) => key === ACCOUNT && void session.learn());
  void retry();
  const api = operatorApi(patient(bare, session, isOpen));
  return { ...{ api, clock, session, presses, gate, isInterrupted, route, told, retry, leave }, tell, go };
}

/** A command of one operator that another one finds waiting: it is theirs to press, or not. Only this page knows this word. */
export const OTHER_OPERATOR: Problem = { code: 'other-operator' };

const idOf = (who: Who): string | undefined => (typeof who === 'object' ? who.shopper_id : undefined);

/**
 * A client whose calls wait while nobody is signed in, and are then made again: what was typed and pressed is not lost with a
 * session. They end unanswered when the desk is left, and what changes something is refused when somebody else has sat down.
 */
export function patient(call: Client, session: Session, isOpen: ReadonlySignal<boolean>): Client {
  /** Who sat here last: their command is not somebody else's because their session has ended. */
  let operator: string | undefined;

  async function made(...given: Parameters<Client>): Promise<Answer<unknown>> {
    const who = session.who.peek();
    if (isOperator(who)) operator = idOf(who);
    const asker = operator;
    for (;;) {
      const before = session.who.peek();
      const answer = (await call(...given)) as Answer<unknown>;
      if (answer.ok || !(await hasEnded(answer.problem.code, session, before))) return answer;
      if (!(await operatorIsBack(session, isOpen))) return answer;
      if (given[0] !== 'get' && idOf(session.who.peek()) !== asker) return { ok: false, problem: OTHER_OPERATOR };
    }
  }
  return made as Client;
}

/** Whether a refusal is for want of an operator's session, rather than for good. */
async function hasEnded(code: string, session: Session, before: Who): Promise<boolean> {
  if (code !== 'unauthorized' && code !== 'forbidden') return false;
  // Somebody has signed in while this call was on its way.
  if (session.who.peek() !== before) return true;
  if (code === 'unauthorized') session.ended();
  // Another tab of this browser may have signed in as a shopper: they share the session.
  else if (isOperator(await session.learn())) return false;
  return true;
}

function operatorIsBack(session: Session, isOpen: ReadonlySignal<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    let stop = () => {};
    stop = effect(() => {
      const [who, open] = [session.who.value, isOpen.value];
      if (!isOperator(who) && open) return;
      resolve(open);
      queueMicrotask(() => stop());
    });
  });
}
