import { LANGUAGES, language, speak, type Language } from './language.ts';
import * as m from './messages.gen.ts';

/** Each language by its own name: whoever looks for it may not read the present one. */
const NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' };

export function LanguageSwitch() {
  return (
    <select class="language" aria-label={m.language()} onChange={(event) => speak(event.currentTarget.value as Language)}>
      {LANGUAGES.map((one) => (
        <option key={one} value={one} lang={one} selected={one === language.value}>
          {NAMES[one]}
        </option>
      ))}
    </select>
  );
}
