/** Look up one ticket: where it stands, what was ruled, and when. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Field, focusFirstFault } from '../shared/field.tsx';
import { count } from '../shared/format.ts';
import type { Problem, TicketStory } from './api.ts';
import type { Desk } from './desk.ts';
import * as m from './messages.gen.ts';
import { exactly } from './moment.ts';
import { CancelDialog } from './orders.tsx';
import { Code, SaleLink, TicketLink, Trouble } from './pieces.tsx';
import { rulingWords } from './words.ts';

const TICKET = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function Tickets({ desk, ticket }: { desk: Desk; ticket: string | undefined }) {
  const typed = useSignal(ticket ?? '');
  const sent = useSignal(false);
  const story = useSignal<TicketStory | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const fault = TICKET.test(typed.value.trim()) ? undefined : m.ticketFault();

  async function look(wanted: string) {
    const answer = await desk.api.ticket(wanted);
    story.value = answer.ok ? answer.body : undefined;
    problem.value = answer.ok ? undefined : answer.problem;
  }

  useEffect(() => {
    if (ticket === undefined) return;
    typed.value = ticket;
    void look(ticket);
  }, [ticket]);

  function submit(form: HTMLFormElement) {
    sent.value = true;
    if (fault !== undefined) return void focusFirstFault(form);
    const wanted = typed.value.trim();
    if (wanted === ticket) void look(wanted);
    else desk.go({ view: 'tickets', ticket: wanted });
  }

  return (
    <section>
      <h1 tabIndex={-1}>{m.ticketsTitle()}</h1>
      <form
        class="narrow"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        <Field name="ticket" type="search" label={m.ticket()} value={typed.value} change={(value) => (typed.value = value)} fault={fault} sent={sent.value} hint={m.ticketHint()} required />
        <p class="row">
          <button type="submit" class="main">
            {m.lookUp()}
          </button>
        </p>
      </form>
      {problem.value && <Trouble problem={problem.value} retry={ticket === undefined || problem.value.code === 'bad-ticket' ? undefined : () => look(ticket)} />}
      {story.value && <Story desk={desk} story={story.value} again={() => void look(story.value?.ticket ?? '')} />}
    </section>
  );
}

const RECORDS: Record<TicketStory['record'], () => string> = { read: m.recordRead, gone: m.recordGone, unavailable: m.recordUnavailable };

function Story({ desk, story, again }: { desk: Desk; story: TicketStory; again: () => void }) {
  const asked = useSignal(false);
  const left = () => void (asked.value = false);
  const { ticket, ruling, sale_id, shopper_id, order_id, cancelled_at, record } = story;
  const place = { partition: count(story.partition), seq: count(story.seq), index: count(story.index) };
  const mayCancel = order_id !== undefined && cancelled_at === undefined;
  return (
    <section class="panel">
      <h2>{m.storyTitle()}</h2>
      <dl class="facts">
        <Fact name={m.ticket()}>
          <Code text={ticket} />
        </Fact>
        <Fact name={m.ruling()}>
          <strong>{rulingWords(ruling)}</strong>
        </Fact>
        <Fact name={m.termSale()}>{sale_id && <SaleLink sale={sale_id} />}</Fact>
        <Fact name={m.colShopper()}>{shopper_id && <Code text={shopper_id} />}</Fact>
        <Fact name={m.order()}>{order_id && <TicketLink ticket={order_id} />}</Fact>
        {cancelled_at && <Fact name={m.colCancelled()}>{exactly(Date.parse(cancelled_at))}</Fact>}
        <Fact name={m.place()}>{m.placeOf(place)}</Fact>
        <Fact name={m.received()}>{story.received_at && exactly(Date.parse(story.received_at))}</Fact>
        <Fact name={m.logged()}>{after(story.received_at, story.logged_at)}</Fact>
        <Fact name={m.decided()}>{after(story.logged_at, story.decided_at)}</Fact>
        <Fact name={m.record()}>{RECORDS[record]()}</Fact>
      </dl>
      {mayCancel && (
        <button type="button" class="quiet" onClick={() => (asked.value = true)}>
          {m.cancelDo()}
        </button>
      )}
      {asked.value && order_id !== undefined && (
        <CancelDialog
          desk={desk}
          order={order_id}
          left={left}
          done={() => {
            left();
            desk.tell(m.doneCancel());
            again();
          }}
        />
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children || <span class="label">{m.notKnown()}</span>}</dd>
    </>
  );
}

/** A moment, and how long after the one before. Their clocks are different machines': a difference may be negative. */
function after(before: string | undefined, time: string | undefined): string | undefined {
  if (time === undefined) return undefined;
  const at = exactly(Date.parse(time));
  return before === undefined ? at : m.afterMs({ time: at, ms: count(Date.parse(time) - Date.parse(before)) });
}
