/** The browser's storage for tests, as far as it is used: its names are its own properties, as in a browser. */
export function aStorage(): Storage {
  const storage = Object.create({
    getItem: (name: string) => storage[name] ?? null,
    setItem: (name: string, value: string) => void (storage[name] = value),
    removeItem: (name: string) => void delete storage[name],
  }) as Record<string, string> & Storage;
  return storage;
}
