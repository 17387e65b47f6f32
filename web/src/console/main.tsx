import { effect } from '@preact/signals';
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import { Fallback } from '../shared/fallback.tsx';
import { tellLanguage } from '../shared/language.ts';
import { App } from './app.tsx';
import { openDesk } from './desk.ts';
import * as m from './messages.gen.ts';

const root = document.getElementById('app');
if (root) {
  tellLanguage(document.documentElement);
  effect(() => {
    document.title = m.consoleTitle();
  });
  const desk = openDesk();
  root.replaceChildren();
  render(
    <Fallback text={m.brokenText}>
      <App desk={desk} />
    </Fallback>,
    root,
  );
}
