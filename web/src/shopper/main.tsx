import { effect } from '@preact/signals';
import { render } from 'preact';
import { tellLanguage } from '../shared/language.ts';
import { App } from './app.tsx';
import * as m from './messages.gen.ts';
import { openShop, type Shop } from './shop.ts';
import { pageTitle, purchaseWords } from './words.ts';

/** For the tab, which may be in the background when a purchase is decided. */
function titleOf(shop: Shop): string {
  switch (shop.view.value.at) {
    case 'sales':
      return pageTitle();
    case 'sale':
      return pageTitle(purchaseWords(shop.purchase.value)?.title, shop.sale.value?.product.name);
    case 'ticket':
      return pageTitle(m.followTitle());
    case 'orders':
      return pageTitle(m.myOrders());
    case 'account':
      return pageTitle(m.account());
  }
}

const root = document.getElementById('app');
if (root) {
  tellLanguage(document.documentElement);
  const shop = openShop();
  effect(() => {
    document.title = titleOf(shop);
  });
  root.replaceChildren();
  render(<App shop={shop} />, root);
}
