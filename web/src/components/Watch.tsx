import { useEffect } from 'preact/hooks';

import { me } from '../state/app';
import { clearCompare } from '../state/compare';
import { follow, following } from '../state/follow';
import { keepKnowledge } from '../state/knowledge';
import { live, messages, session } from '../state/talk';
import { choose, chosenReply, replies } from '../state/watch';
import { t } from '../words';
import { Compare } from './Compare';
import { Feelings } from './Feelings';
import { PhaseBand } from './PhaseBand';
import { Setup } from './Setup';
import { Steps } from './Steps';

// What was thought on the way to each reply, for those who train or study.
export function Watch() {
  const id = session.value?.id ?? null;
  const mayFollow = me.value?.may.see_all_sessions ?? false;
  useEffect(keepKnowledge, []);
  useEffect(() => {
    choose(null);
    clearCompare();
    return id && mayFollow ? follow(id) : undefined;
  }, [id, mayFollow]);

  if (!id) {
    return (
      <section class="watch" aria-label={t('view.watch')}>
        <p class="watch-empty">{t('watch.none')}</p>
      </section>
    );
  }
  const begun = replies.value.length > 0;
  const reply = chosenReply.value;
  return (
    <section class="watch" aria-label={t('view.watch')} data-testid="watch">
      <header class="watch-head">
        <h2>{session.value?.title || t('sessions.untitled')}</h2>
        {(live.value || following.value === id) && (
          <span class={live.value ? 'live live-now' : 'live'}>{t('watch.live')}</span>
        )}
      </header>
      <Setup key={`setup-${id}`} />
      {!begun && !live.value && <p class="watch-empty">{t('watch.nothing')}</p>}
      {begun && <PhaseBand messages={messages.value} />}
      {(begun || live.value) && <Steps />}
      {begun && <Feelings />}
      {begun && reply && me.value?.may.compare && <Compare key={`compare-${id}`} reply={reply} />}
    </section>
  );
}
