import type { ComponentChildren } from 'preact';
import { addressOf, type View } from './address.ts';
import type { Shop } from './shop.ts';

export interface LinkProps {
  shop: Shop;
  to: View;
  class?: string;
  current?: boolean;
  children: ComponentChildren;
}

/** A link to a view of this page. Opened in a new tab or window it is a link like every other. */
export function Link({ shop, to, current = false, children, ...rest }: LinkProps) {
  const click = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    shop.go(to);
  };
  return (
    <a {...rest} href={addressOf(to)} onClick={click} {...(current && { 'aria-current': 'page' as const })}>
      {children}
    </a>
  );
}
