/** How numbers, money and moments are written in the language of the page. */
import { locale } from './language.ts';

export { count } from './language.ts';

/** An amount of money in the currency's smallest unit, as the API tells it. */
export interface Money {
  amount_minor: number;
  currency: string;
}

export function money({ amount_minor, currency }: Money): string {
  const format = new Intl.NumberFormat(locale.value, { style: 'currency', currency });
  return format.format(amount_minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** A moment in the reader's own time zone; with the year when it is not the one of `nowMs`. */
export function localTime(time: string, nowMs = Date.now()): string {
  const moment = new Date(time);
  const otherYear = moment.getFullYear() !== new Date(nowMs).getFullYear();
  const format = new Intl.DateTimeFormat(locale.value, {
    ...(otherYear && { year: 'numeric' }),
    ...{ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  });
  return format.format(moment);
}

/** The time zone that `localTime` writes in, such as "Central European Time". */
export function timeZone(): string {
  const parts = new Intl.DateTimeFormat(locale.value, { timeZoneName: 'longGeneric' }).formatToParts();
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** 04:05, or 3:04:05 from an hour on; days are the caller's. Counts up to the full second, so that zero means now. */
export function duration(ms: number): { days: number; time: string } {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const [days, h, m, s] = [Math.floor(total / 86_400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60];
  return { days, time: days > 0 || h > 0 ? `${two(h)}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}` };
}
