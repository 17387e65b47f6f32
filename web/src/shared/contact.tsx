import * as m from './messages.gen.ts';

/** How news arrive: pushed, asked for every few seconds, or not at all. */
export type Contact = 'live' | 'asking' | 'lost';

const WORDS: Record<Contact, () => string> = { live: m.contactLive, asking: m.contactAsking, lost: m.contactLost };

/** The one small chip that says whether what is shown is fresh. */
export function ContactChip({ contact }: { contact: Contact }) {
  return (
    <span class="contact" data-contact={contact}>
      {WORDS[contact]()}
    </span>
  );
}
