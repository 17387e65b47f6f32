/** Moments as operators type them (their own clock) and as the shop means them (UTC). */
import { locale } from '../shared/language.ts';

/** What a `datetime-local` input holds. */
const INPUT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?$/;

/** For a `datetime-local` input, in the local time zone. */
export function inputOf(ms: number): string {
  const at = new Date(ms);
  return written([at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()]);
}

/**
 * The moment that an input names, in ms since 1970. Nothing when it names none: not filled in, or in the hour that is left out
 * when clocks go forward. Of an hour that comes twice it is the first; the UTC shown beside it tells.
 */
export function instantOf(input: string): number | undefined {
  const parts = INPUT.exec(input)?.slice(1).map((part) => Number(part ?? 0));
  if (!parts) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  const ms = new Date(year, month - 1, day, hour, minute, second).getTime();
  // A time that does not exist is moved to one that does.
  return Number.isNaN(ms) || inputOf(ms) !== written(parts) ? undefined : ms;
}

/** In ms since 1970. Inputs know no thousandths of a second: what was not touched must not count as changed. */
export const secondsOf = (time: string): number => Math.floor(Date.parse(time) / 1000) * 1000;

const DATE: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' };
const SECOND: Intl.DateTimeFormatOptions = { second: '2-digit' };

const format = (ms: number, more: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale.value, { ...DATE, ...(ms % 60_000 !== 0 && SECOND), ...more }).format(ms);

export const utc = (ms: number): string => `${format(ms, { timeZone: 'UTC' })} UTC`;

/** In the reader's time zone, with its short name. */
export const local = (ms: number): string => format(ms, { timeZoneName: 'short' });

/** To the thousandth of a second, for what happens within one. */
export const exactly = (ms: number): string => format(ms, { ...SECOND, fractionalSecondDigits: 3, timeZoneName: 'short' });

/** The time of day alone, for the axis of a chart. */
export const timeOfDay = (ms: number): string =>
  new Intl.DateTimeFormat(locale.value, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);

function written([year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0]: number[]): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}${second === 0 ? '' : `:${two(second)}`}`;
}
