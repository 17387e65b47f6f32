/** A table that becomes a list of cards where there is no room for columns. Roles are written out, for that takes them away. */
import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ComponentChildren;
  /** Set in figures of one width, to the right. */
  numeric?: boolean;
}

export interface TableProps<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  /** The first column names its row. */
  keyOf: (row: Row) => string;
}

export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return (
    <table role="table" class="table">
      <caption class="spoken">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ head, numeric }) => (
            <th key={head} role="columnheader" scope="col" class={numeric ? 'number' : undefined}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map((column, i) => (
              <Cell key={column.head} column={column} row={row} isFirst={i === 0} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column, row, isFirst }: { column: Column<Row>; row: Row; isFirst: boolean }) {
  const shape = column.numeric ? 'number' : undefined;
  const inside = (
    <>
      <span class="card-head" aria-hidden="true">
        {column.head}
      </span>
      <span>{column.cell(row)}</span>
    </>
  );
  if (!isFirst) return <td role="cell" class={shape}>{inside}</td>;
  return (
    <th role="rowheader" scope="row" class={shape}>
      {inside}
    </th>
  );
}
