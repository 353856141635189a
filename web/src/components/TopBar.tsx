import { route, toHash, type Route } from '../route';
import { disclosure, drawerOpen, me, settingsOpen } from '../state/app';
import { t } from '../words';
import { Icon } from './Icon';

export function TopBar({ roomy }: { roomy: boolean }) {
  return (
    <header class="top">
      {!roomy && (
        <button
          type="button"
          class="icon-button"
          aria-label={t('sessions.open')}
          data-testid="drawer"
          onClick={() => (drawerOpen.value = true)}
        >
          <Icon name="menu" />
        </button>
      )}
      <span class="brand" translate={false}>
        <Mark />
        EmoStage
      </span>
      {me.value?.may.see_traces && <Views />}
      <div class="top-end">
        <button
          type="button"
          class="icon-button"
          aria-label={t('disclosure.open')}
          title={t('disclosure.open')}
          data-testid="about"
          onClick={() => (disclosure.value = 'again')}
        >
          <Icon name="info" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={t('settings.title')}
          title={t('settings.title')}
          data-testid="settings"
          onClick={() => (settingsOpen.value = true)}
        >
          <Icon name="settings" />
        </button>
      </div>
    </header>
  );
}

function Views() {
  const { view, id } = route.value;
  const link = (to: Route['view']) => (
    <a
      class="view"
      href={toHash({ view: to, id })}
      aria-current={view === to ? 'page' : undefined}
      data-testid={`view-${to}`}
    >
      {t(`view.${to}`)}
    </a>
  );
  return (
    <nav class="views" aria-label={t('view.label')}>
      {link('talk')}
      {link('watch')}
    </nav>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M9 20.5c2.4-6.6 4.6-9.2 7-9.2s4.6 2.6 7 9.2" />
      <circle cx="16" cy="21" r="2.3" />
    </svg>
  );
}
