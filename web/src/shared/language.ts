/** The language of the page: which one it is, and how its sentences are put together. */
import { computed, effect, signal } from '@preact/signals';
import { recalled, remember } from './storage.ts';

/** In the order in which the compiled messages name them. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

const KEPT_AS = 'firstcome.language';

/** What the shopper has chosen here before, else the first of the browser's languages that we speak, else the first. */
export function chooseLanguage(kept: string | undefined, preferred: readonly string[]): Language {
  const wanted = [kept ?? '', ...preferred].map((tag) => tag.toLowerCase().split('-')[0]);
  return wanted.map((tag) => LANGUAGES.find((one) => one === tag)).find((one) => one !== undefined) ?? LANGUAGES[0];
}

const preferred = (): readonly string[] => globalThis.navigator?.languages ?? [];

export const language = signal<Language>(chooseLanguage(recalled(KEPT_AS), preferred()));

/** For Intl: the browser's own variant of the language (en-GB), because dates and numbers differ by country. */
export const locale = computed(() => preferred().find((tag) => tag.toLowerCase().split('-')[0] === language.value) ?? language.value);

export function speak(chosen: Language) {
  language.value = chosen;
  remember(KEPT_AS, chosen);
}

/** Keeps `<html lang>` right: by it screen readers choose their voice. */
export function tellLanguage(root: HTMLElement) {
  effect(() => {
    root.lang = language.value;
  });
}

/** The text of the present language. Compiled messages call this; a component that shows it follows the language. */
export const say = (...texts: string[]): string => texts[LANGUAGES.indexOf(language.value)] ?? '';

/** The plural form that the present language wants for `n`. */
export function plural(n: number, forms: Partial<Record<Intl.LDMLPluralRule, string>>): string {
  return forms[new Intl.PluralRules(language.value).select(n)] ?? forms.other ?? '';
}

export const count = (n: number): string => new Intl.NumberFormat(locale.value).format(n);
