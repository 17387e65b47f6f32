/** An idempotency key: 128 random bits. `crypto.randomUUID` is missing on plain-http addresses, such as a phone's view of a demo. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
