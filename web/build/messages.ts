/**
 * Compiles message files into functions, so that a sentence nobody uses is not in the bundle and a wrong placeholder is a
 * type error.
 *
 * A message is a text, or an object of plural forms (`one`, `other`, …) chosen by `n`. `{name}` is a placeholder: `n` is a
 * number, written as the language does; every other one is a text.
 */

export type Message = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Messages = Record<string, Message>;

const PLACEHOLDER = /\{(\w+)\}/g;

/** `languages` maps a language to its messages; all must have the same keys and placeholders. `from` is where `say` lives. */
export function compileMessages(languages: Record<string, Messages>, from: string): string {
  const faults = differences(languages);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const [first = {}] = Object.values(languages);
  const functions = Object.keys(first).map((key) => compileOne(key, Object.values(languages).map((messages) => messages[key] ?? '')));
  const used = ['say', 'plural', 'count'].filter((name) => functions.some((text) => text.includes(`${name}(`)));
  return [`// Generated from web/messages by \`npm run generate\`.`, `import { ${used.join(', ')} } from '${from}';`, '', ...functions, ''].join('\n');
}

/** What a language lacks or has too much of, beside the first one. */
export function differences(languages: Record<string, Messages>): string[] {
  const [[reference, first] = ['', {} as Messages], ...others] = Object.entries(languages);
  return others.flatMap(([language, messages]) => {
    const keys = new Set([...Object.keys(first), ...Object.keys(messages)]);
    return [...keys].flatMap((key) => {
      const [a, b] = [first[key], messages[key]];
      if (a === undefined || b === undefined) return [`${key}: only in ${a === undefined ? language : reference}`];
      const fault = misformed(b, language) ?? misformed(a, reference);
      if (fault) return [`${key}: ${fault}`];
      const [x, y] = [placeholders(a).join(), placeholders(b).join()];
      return x === y ? [] : [`${key}: placeholders {${x}} in ${reference}, {${y}} in ${language}`];
    });
  });
}

/** Plural forms that the language does not have are never said; those that it lacks would be missed. */
function misformed(message: Message, language: string): string | undefined {
  if (typeof message === 'string') return undefined;
  const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const same = Object.keys(message).sort().join() === [...wanted].sort().join();
  return same ? undefined : `${language} has the plural forms ${wanted.join(', ')}`;
}

function placeholders(message: Message): string[] {
  const texts = typeof message === 'string' ? [message] : Object.values(message);
  const names = texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ''));
  // A plural form needs no number in its text, but it is chosen by one.
  return [...new Set(typeof message === 'string' ? names : [...names, 'n'])].sort();
}

function compileOne(key: string, texts: Message[]): string {
  const names = [...new Set(texts.flatMap(placeholders))].sort();
  const shape = names.map((name) => `${name}: ${name === 'n' ? 'number' : 'string'}`).join('; ');
  const taken = names.length > 0 ? `{ ${names.join(', ')} }: { ${shape} }` : '';
  return `export const ${key} = (${taken}) => say(${texts.map(expression).join(', ')});`;
}

function expression(message: Message): string {
  if (typeof message === 'string') return template(message);
  const forms = Object.entries(message).map(([form, text]) => `${form}: ${template(text)}`);
  return `plural(n, { ${forms.join(', ')} })`;
}

function template(text: string): string {
  const escaped = text.replace(/[\\`$]/g, '\\$&');
  return `\`${escaped.replace(PLACEHOLDER, (_, name: string) => (name === 'n' ? '${count(n)}' : `\${${name}}`))}\``;
}
