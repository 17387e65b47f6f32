/** Small things that several views show. */
import type { ComponentChildren } from 'preact';
import { count } from '../shared/format.ts';
import type { Problem, Sale, SaleState } from './api.ts';
import * as m from './messages.gen.ts';
import { tryNow } from '../shared/messages.gen.ts';
import { local, utc } from './moment.ts';
import type { Pages } from './pages.ts';
import { address } from './route.ts';
import { refusalWords, stateWords } from './words.ts';

/** A moment in the reader's time zone; UTC stands below it, or beside it for screen readers. */
export function Moment({ time }: { time: string }) {
  const ms = Date.parse(time);
  return (
    <time class="moment" dateTime={time}>
      {local(ms)} <small>{utc(ms)}</small>
    </time>
  );
}

export function StateBadge({ state }: { state: SaleState }) {
  return (
    <span class="badge" data-state={state}>
      {stateWords(state)}
    </span>
  );
}

/** A sale's id, with a way to its view. */
export function SaleLink({ sale }: { sale: string }) {
  return (
    <a href={address({ view: 'sale', sale, part: 'live' })}>
      <Code text={sale} />
    </a>
  );
}

export function TicketLink({ ticket }: { ticket: string }) {
  return (
    <a href={address({ view: 'tickets', ticket })}>
      <Code text={ticket} />
    </a>
  );
}

export const Code = ({ text }: { text: string }) => <code class="id">{text}</code>;

/** Why there is nothing to see, and a way to try again. */
export function Trouble({ problem, retry }: { problem: Problem; retry?: (() => unknown) | undefined }) {
  return (
    <div class="trouble" role="alert">
      <p>{refusalWords(problem)}</p>
      {problem.requestId && <Code text={problem.requestId} />}
      {retry && (
        <button type="button" class="quiet" onClick={() => void retry()}>
          {tryNow()}
        </button>
      )}
    </div>
  );
}

/** What a list shows: its rows, why there are none, or that they are on their way. */
export function Listed<Row>({ pages, none, children }: { pages: Pages<Row>; none: string; children: (rows: readonly Row[]) => ComponentChildren }) {
  const [rows, problem] = [pages.rows.value, pages.problem.value];
  return (
    <>
      {problem && <Trouble problem={problem} retry={pages.reload} />}
      {rows === undefined && !problem && <p class="label">{m.loading()}</p>}
      {rows?.length === 0 && <p class="label">{none}</p>}
      {rows !== undefined && rows.length > 0 && children(rows)}
      {rows !== undefined && <PageTurner pages={pages} />}
    </>
  );
}

function PageTurner<Row>({ pages }: { pages: Pages<Row> }) {
  const [isFirst, isLast] = [pages.page.value === 1, !pages.hasNext.value];
  if (isFirst && isLast) return null;
  return (
    <nav class="row" aria-label={m.pagesLabel()}>
      <button type="button" class="quiet" aria-disabled={isFirst} onClick={() => void pages.back()}>
        {m.previous()}
      </button>
      <button type="button" class="quiet" aria-disabled={isLast} onClick={() => void pages.next()}>
        {m.next()}
      </button>
      <span class="label" role="status">
        {m.pageNumber({ n: pages.page.value })}
      </span>
    </nav>
  );
}

/** How much of a stock is left. */
export function StockMeter({ sale }: { sale: Sale }) {
  const share = sale.stock === 0 ? 0 : sale.remaining / sale.stock;
  return (
    <svg class="meter" role="meter" aria-label={m.stockLeftMeter()} aria-valuemin={0} aria-valuemax={sale.stock} aria-valuenow={sale.remaining} aria-valuetext={`${count(sale.remaining)} / ${count(sale.stock)}`} preserveAspectRatio="none" viewBox="0 0 100 1">
      <rect width="100" height="1" class="meter-all" />
      <rect width={100 * share} height="1" class="meter-left" />
    </svg>
  );
}
