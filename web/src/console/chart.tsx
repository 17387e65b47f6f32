/** One chart over time. uPlot draws; the words below it say the same in text. */
import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { count } from '../shared/format.ts';
import { locale } from '../shared/language.ts';
import type { History, Line } from './history.ts';
import * as m from './messages.gen.ts';
import { timeOfDay } from './moment.ts';

export interface ChartLine {
  line: Line;
  label: () => string;
  /** A custom property of the style sheet. */
  colour: '--accent' | '--fault' | '--warn' | '--ink';
  /** Lines differ in more than colour. */
  dash?: number[];
}

export interface ChartProps {
  title: string;
  lines: ChartLine[];
  history: History;
  /** Changes whenever there is something new to draw. */
  samples: ReadonlySignal<number>;
  held: boolean;
}

/** In CSS pixels. */
const HEIGHT = 170;
/** The least that an axis shows, so that noise around zero does not fill the chart. */
const TOP_MIN = 5;

export function Chart({ title, lines, history, samples, held }: ChartProps) {
  const at = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const pointed = useSignal<number | undefined>(undefined);
  const shown = useSignal(history.columns(lines.map(({ line }) => line)));
  const sample = samples.value;

  useEffect(() => {
    if (held) return;
    shown.value = history.columns(lines.map(({ line }) => line));
    plot.current?.setData(shown.value);
  }, [sample, held]);
  useEffect(() => {
    const root = at.current;
    if (!root) return;
    const remake = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(lines, root, (i) => (pointed.value = i)), shown.peek(), root);
    };
    remake();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', remake);
    const sized = new ResizeObserver(() => plot.current?.setSize({ width: root.clientWidth, height: HEIGHT }));
    sized.observe(root);
    return () => {
      dark.removeEventListener('change', remake);
      sized.disconnect();
      plot.current?.destroy();
    };
  }, [locale.value]);

  const words = wordsOf(lines, shown.value, pointed.value);
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong>
        <span class="label">{words.time === undefined ? '' : m.lineAt({ time: words.time })}</span>
      </figcaption>
      <div ref={at} class="plot" role="img" aria-label={`${title}: ${words.values.map(({ label, value }) => `${label} ${value}`).join(', ')}`} />
      <ul class="legend">
        {words.values.map(({ label, value }, i) => (
          <li key={label} data-colour={lines[i]?.colour}>
            <Swatch dash={lines[i]?.dash} />
            {label} <b class="number">{value}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function Swatch({ dash }: { dash: number[] | undefined }) {
  return (
    <svg class="swatch" viewBox="0 0 24 4" aria-hidden="true">
      <line x1="0" y1="2" x2="24" y2="2" stroke-width="2.5" stroke-dasharray={dash?.join(' ')} />
    </svg>
  );
}

type Columns = ReturnType<History['columns']>;

/** What the lines say where the pointer is, else at their end. */
function wordsOf(lines: ChartLine[], [times, ...columns]: Columns, pointed: number | undefined) {
  const index = pointed ?? times.length - 1;
  const at = times[index];
  const values = lines.map(({ label }, i) => {
    const value = columns[i]?.[index];
    return { label: label(), value: value === null || value === undefined ? '–' : count(Math.round(value * 10) / 10) };
  });
  return { values, time: pointed === undefined || at === undefined ? undefined : timeOfDay(at * 1000) };
}

function optionsOf(lines: ChartLine[], root: HTMLElement, pointAt: (index: number | undefined) => void): uPlot.Options {
  const style = getComputedStyle(root);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: colour('--soft'), font, ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } };
  const short = new Intl.NumberFormat(locale.value, { notation: 'compact', maximumFractionDigits: 1 });
  return {
    width: root.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, most) => [0, Math.max(TOP_MIN, (most ?? 0) * 1.1)] } },
    axes: [
      { ...axis, space: 90, size: 30, values: (_, at) => at.map((seconds) => timeOfDay(seconds * 1000)) },
      { ...axis, size: 46, values: (_, at) => at.map((value) => short.format(value)) },
    ],
    series: [{}, ...lines.map(({ colour: name, dash }) => ({ stroke: colour(name), width: 2, points: { show: false }, ...(dash && { dash }) }))],
    hooks: { setCursor: [({ cursor }) => pointAt(cursor.left === undefined || cursor.left < 0 ? undefined : (cursor.idx ?? undefined))] },
  };
}
