import { effect } from '@preact/signals';
import { render } from 'preact';
import { tellLanguage } from '../shared/language.ts';
import { App } from './app.tsx';
import { openShop } from './shop.ts';
import { pageTitle } from './words.ts';

const root = document.getElementById('app');
if (root) {
  tellLanguage(document.documentElement);
  const shop = openShop(new URLSearchParams(location.search).get('sale'));
  effect(() => {
    document.title = pageTitle(shop.sale.value, shop.purchase.value);
  });
  root.replaceChildren();
  render(<App shop={shop} />, root);
}
