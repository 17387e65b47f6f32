/** What an operator may do to a sale: each command asks first, takes a reason, and says what became of it. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Answer, Sale, Why } from './api.ts';
import { ChangeDialog } from './change-dialog.tsx';
import type { Desk } from './desk.ts';
import * as m from './messages.gen.ts';
import { wishOf } from './press.ts';
import { PressDialog, ReasonField } from './press-form.tsx';
import { RestockDialog } from './restock-dialog.tsx';
import { reasonFault, withReason } from './terms.ts';

export type CommandName = 'pause' | 'resume' | 'change' | 'restock' | 'close';

/** What makes sense in a state; the log decides. */
export function commandsIn({ state }: Pick<Sale, 'state'>): CommandName[] {
  if (state === 'closed') return [];
  if (state === 'ended') return ['change', 'restock', 'close'];
  return [state === 'paused' ? 'resume' : 'pause', 'change', 'restock', 'close'];
}

const NAMES: Record<CommandName, () => string> = { pause: m.pause, resume: m.resume, change: m.change, restock: m.restock, close: m.close };

export interface CommandsProps {
  desk: Desk;
  sale: Sale;
  /** Something was done: look now. */
  done: () => void;
}

export function Commands({ desk, sale, done }: CommandsProps) {
  const asked = useSignal<CommandName | undefined>(undefined);
  const left = () => void (asked.value = undefined);
  const finish = (word: string) => {
    left();
    desk.tell(word);
    done();
  };
  return (
    <div class="row commands" role="group" aria-label={m.commands()}>
      {commandsIn(sale).map((name) => (
        // One button for both, so that it keeps the focus when its word changes.
        <button key={name === 'resume' ? 'pause' : name} type="button" class="quiet" onClick={() => (asked.value = name)}>
          {NAMES[name]()}
        </button>
      ))}
      {asked.value === 'change' && <ChangeDialog desk={desk} sale={sale} left={left} done={() => finish(m.doneChange())} />}
      {asked.value === 'restock' && <RestockDialog desk={desk} sale={sale} left={left} done={finish} />}
      {isWord(asked.value) && <WordDialog key={asked.value} desk={desk} sale={sale} word={asked.value} left={left} done={finish} />}
    </div>
  );
}

type Word = 'pause' | 'resume' | 'close';
const isWord = (name: CommandName | undefined): name is Word => name === 'pause' || name === 'resume' || name === 'close';

const WORDS: Record<Word, { title: () => string; text: () => string; done: () => string }> = {
  pause: { title: m.pauseTitle, text: m.pauseText, done: m.donePause },
  resume: { title: m.resumeTitle, text: m.resumeText, done: m.doneResume },
  close: { title: m.closeTitle, text: m.closeText, done: m.doneClose },
};

interface WordDialogProps {
  desk: Desk;
  sale: Sale;
  word: Word;
  left: () => void;
  done: (word: string) => void;
}

/** A command that is nothing but a word. */
function WordDialog({ desk, sale, word, left, done }: WordDialogProps) {
  const { title, text, done: said } = WORDS[word];
  return <AskWhy desk={desk} wish={wishOf(word, sale)} title={title()} text={text()} act={NAMES[word]()} send={(key, why) => desk.api[word](sale.id, key, why)} left={left} done={() => done(said())} />;
}

export interface AskWhyProps<Done> {
  desk: Desk;
  /** Of what the press is; see `Presses`. */
  wish: string;
  title: string;
  text: string;
  act: string;
  send: (key: string, why: Why) => Promise<Answer<Done | undefined>>;
  left: () => void;
  done: (body: Done) => void;
}

/** Asks whether, and why. */
export function AskWhy<Done>({ desk, wish, title, text, act, send, left, done }: AskWhyProps<Done>) {
  const reason = useSignal('');
  const press = useMemo(() => desk.presses.of<Why, Done>(wish, send), []);
  const fault = reasonFault(reason.value);
  return (
    <PressDialog press={press} title={title} text={text} act={act} left={left} done={done} body={() => (fault === undefined ? withReason({}, reason.value) : undefined)}>
      {(sent) => <ReasonField value={reason.value} change={(value) => (reason.value = value)} fault={fault} sent={sent} />}
    </PressDialog>
  );
}
