import { Component, type ComponentChildren } from 'preact';
import * as m from './messages.gen.ts';

export interface FallbackProps {
  children: ComponentChildren;
  /** What its reader wants to know then; a shopper's words, unless told. */
  text?: () => string;
}

/** Instead of a blank page, should the page itself be broken. */
export class Fallback extends Component<FallbackProps, { broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(error: unknown) {
    console.error(error);
    this.setState({ broken: true });
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <main>
        <section class="notice">
          <h1>{m.brokenTitle()}</h1>
          <p>{(this.props.text ?? m.brokenText)()}</p>
          <a href="">{m.loadAgain()}</a>
        </section>
      </main>
    );
  }
}
