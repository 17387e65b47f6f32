/** The browser's storage, or nothing where it is forbidden: reading the property alone throws there. */
export function browserStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** Remembers a small thing for the next visit, where that is possible. */
export function remember(name: string, value: string | undefined, storage = browserStorage()) {
  try {
    if (value === undefined) storage?.removeItem(name);
    else storage?.setItem(name, value);
  } catch {
    // Full or forbidden: then it is asked for again next time.
  }
}

export function recalled(name: string, storage = browserStorage()): string | undefined {
  try {
    return storage?.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}
