/** Who is here: signing in, making an account, signing out. */
import { useSignal } from '@preact/signals';
import type { Problem } from '../shared/client.ts';
import * as shared from '../shared/messages.gen.ts';
import { problemWords } from '../shared/problems.ts';
import { hasAccount, isGuest } from '../shared/session.ts';
import { SignInForm } from '../shared/sign-in.tsx';
import { Link } from './link.tsx';
import * as m from './messages.gen.ts';
import type { Shop } from './shop.ts';

export function AccountView({ shop }: { shop: Shop }) {
  const who = shop.session.who.value;
  return (
    <div class="account">
      <h1>{m.account()}</h1>
      {who === 'unknown' && <Unknown shop={shop} />}
      {hasAccount(who) && <SignedIn shop={shop} email={who.email ?? ''} />}
      {who !== 'unknown' && !hasAccount(who) && <SignedOut shop={shop} />}
    </div>
  );
}

/** Somebody who is signed in must not be asked to sign in only because the server is slow to say so. */
function Unknown({ shop }: { shop: Shop }) {
  if (!shop.session.silent.value) return <p>{m.openingText()}</p>;
  return (
    <>
      <p class="fault" role="alert">
        {m.refusedTitle()}
      </p>
      <button type="button" class="quiet" onClick={shop.session.learn}>
        {shared.tryNow()}
      </button>
    </>
  );
}

function SignedIn({ shop, email }: { shop: Shop; email: string }) {
  const problem = useSignal<Problem | undefined>(undefined);
  async function leave() {
    const answer = await shop.signOut();
    problem.value = answer.ok ? undefined : answer.problem;
  }
  return (
    <>
      <p>{m.signedInAs({ email })}</p>
      <p>
        <Link shop={shop} to={{ at: 'orders' }}>
          {m.seeOrders()}
        </Link>
      </p>
      <button type="button" class="quiet" onClick={leave}>
        {shared.signOut()}
      </button>
      <p class="fault" role="alert">
        {problem.value && problemWords(problem.value)}
      </p>
    </>
  );
}

function SignedOut({ shop }: { shop: Shop }) {
  const guest = isGuest(shop.session.who.value);
  return (
    <>
      {guest && (
        <p>
          {m.youAreGuest()} {m.guestWarning()}
        </p>
      )}
      <SignInForm session={shop.session} register done={() => {}} />
      {!guest && shop.config.value?.guest_sessions && <p class="hint">{m.guestsWelcome()}</p>}
    </>
  );
}
