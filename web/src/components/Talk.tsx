import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { route } from '../route';
import { live, open, openFailure, opening, readOnly, session, shown, trouble } from '../state/talk';
import { t } from '../words';
import { Composer } from './Composer';
import { Icon } from './Icon';
import { ClientMessage, CounsellorMessage, LiveReply } from './Message';
import { PinnedRiskCard } from './RiskCard';
import { Trouble } from './Trouble';

const kNearEnd = 64; // pixels from the end that still count as reading its end

export function Talk() {
  const { scroller, atEnd, toEnd } = useFollowEnd();
  const id = session.value?.id ?? null;
  const turn = live.value;
  const problem = trouble.value?.id === id ? trouble.value : null;
  const last = shown.value.at(-1);
  const empty = !opening.value && !openFailure.value && !turn && shown.value.length === 0;

  return (
    <section class="talk" aria-label={t('view.talk')}>
      <h1 class="hidden">{session.value?.title || t('sessions.new')}</h1>
      <PinnedRiskCard />
      <div class="transcript" ref={scroller} tabIndex={0} aria-label={t('talk.transcript')} role="region">
        <div class="transcript-inside">
          {opening.value && <p class="quiet">{t('loading')}</p>}
          {openFailure.value && (
            <Trouble failure={openFailure.value} onRetry={() => void open(route.value.id)} />
          )}
          {empty && <Welcome />}
          <ol class="messages">
            {shown.value.map((message) =>
              message.role === 'client' ? (
                <ClientMessage key={message.index} message={message} />
              ) : (
                <CounsellorMessage
                  key={message.index}
                  message={message}
                  last={message === last && !turn}
                />
              ),
            )}
            {turn && <LiveReply turn={turn} />}
          </ol>
          {problem && <Trouble failure={problem.failure} onRetry={problem.retry} />}
        </div>
      </div>
      {!atEnd && (
        <button type="button" class="to-end" aria-label={t('talk.toEnd')} onClick={toEnd}>
          <Icon name="down" />
        </button>
      )}
      {readOnly.value ? (
        <p class="looking-on">{t('talk.lookingOn', { name: session.value?.owner ?? '' })}</p>
      ) : (
        <Composer onSent={toEnd} />
      )}
    </section>
  );
}

function Welcome() {
  return (
    <div class="welcome">
      <h2>{t('welcome.title')}</h2>
      <p>{t('welcome.text')}</p>
    </div>
  );
}

// Keeps the end in view while somebody reads there, and leaves them alone where they read above.
function useFollowEnd() {
  const scroller = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = () => {
    following.current = true;
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };

  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const note = () => {
      following.current = box.scrollHeight - box.scrollTop - box.clientHeight < kNearEnd;
      setAtEnd(following.current);
    };
    // A window that grows narrower (a keyboard on a phone) must not lose the end either.
    const resized = new ResizeObserver(() => following.current && toEnd());
    box.addEventListener('scroll', note, { passive: true });
    resized.observe(box);
    return () => {
      box.removeEventListener('scroll', note);
      resized.disconnect();
    };
  }, []);

  useLayoutEffect(() => {
    if (following.current) toEnd();
  }, [shown.value, live.value, trouble.value]);

  // Another talk begins at its end.
  const id = session.value?.id;
  useLayoutEffect(toEnd, [id]);

  return { scroller, atEnd, toEnd };
}
