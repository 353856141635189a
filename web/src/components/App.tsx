import { useEffect } from 'preact/hooks';

import { kRoomy, kWide, useMedia } from '../media';
import { route } from '../route';
import { announcement, drawerOpen, keyState, me, start, startFailure } from '../state/app';
import { session } from '../state/talk';
import { t } from '../words';
import { Dialog } from './Dialog';
import { Disclosure } from './Disclosure';
import { KeyPrompt } from './KeyPrompt';
import { Sessions } from './Sessions';
import { Settings } from './Settings';
import { Talk } from './Talk';
import { TopBar } from './TopBar';
import { Trouble } from './Trouble';
import { Watch } from './Watch';

export function App() {
  const wide = useMedia(kWide);
  const roomy = useMedia(kRoomy);
  const title = session.value?.title;
  useEffect(() => {
    document.title = title ? `${title} · EmoStage` : 'EmoStage';
  }, [title]);

  if (keyState.value !== 'fine') return <KeyPrompt />;
  if (!me.value) return <Gate />;

  const watching = route.value.view === 'watch' && me.value.may.see_traces;
  const closeDrawer = () => (drawerOpen.value = false);
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        {t('skip')}
      </a>
      <div class={`page ${watching ? 'page-watch' : 'page-talk'}`}>
        <TopBar roomy={roomy} />
        {roomy && (
          <nav class="sidebar" aria-label={t('sessions.title')}>
            <Sessions />
          </nav>
        )}
        <main id="main" class="main" tabIndex={-1}>
          {(!watching || wide) && <Talk />}
          {watching && <Watch />}
        </main>
      </div>
      {!roomy && drawerOpen.value && (
        <Dialog title={t('sessions.title')} kind="drawer" onClose={closeDrawer}>
          <nav aria-label={t('sessions.title')}>
            <Sessions onPick={closeDrawer} />
          </nav>
        </Dialog>
      )}
      <Settings />
      <Disclosure />
      <div class="hidden" role="status" aria-live="polite" data-testid="announcement">
        {announcement.value}
      </div>
    </>
  );
}

// The part behind # says which talk is open, so the link must not change it.
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Gate() {
  return (
    <main class="gate">
      {startFailure.value ? (
        <Trouble failure={startFailure.value} onRetry={() => void start()} />
      ) : (
        <p class="quiet">{t('loading')}</p>
      )}
    </main>
  );
}
