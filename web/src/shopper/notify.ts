/** A word from the browser when a purchase is decided while the shopper looks elsewhere. Only after they asked for it. */
import { signal } from '@preact/signals';

/** `none`: this browser has no notifications, or not for pages without TLS. */
export type Allowed = NotificationPermission | 'none';

const supported = () => typeof Notification !== 'undefined' && globalThis.isSecureContext;

export const allowed = signal<Allowed>(supported() ? Notification.permission : 'none');

export async function askToNotify(): Promise<void> {
  allowed.value = await Notification.requestPermission();
}

/** Says nothing to somebody who is looking at the page. */
export function notify(title: string, body: string) {
  if (allowed.peek() !== 'granted' || !document.hidden) return;
  try {
    const shown = new Notification(title, { body, tag: 'firstcome' });
    shown.onclick = () => window.focus();
  } catch {
    // Some phones let only service workers notify; the tab's title tells it there.
  }
}
