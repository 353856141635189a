import { useRef, useState } from 'preact/hooks';

import { me } from '../state/app';
import { listFailure, listLoaded, load, more, next, query, sessions } from '../state/sessions';
import { go, route, toHash } from '../route';
import { t } from '../words';
import { Icon } from './Icon';
import { SessionItem } from './SessionItem';
import { Trouble } from './Trouble';

let searchTimer: ReturnType<typeof setTimeout> | undefined;

function search(words: string): void {
  query.value = words;
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => void load(), 250);
}

// Earlier talks: open, search, rename, export, delete; and a new one.
export function Sessions({ onPick }: { onPick?: () => void }) {
  const newTalk = useRef<HTMLAnchorElement>(null);
  const [menu, setMenu] = useState<string | null>(null);
  const { view, id } = route.value;
  const empty = listLoaded.value && sessions.value.length === 0 && !listFailure.value;
  return (
    <div class="sessions" data-testid="sessions">
      <a
        class="button button-main sessions-new"
        href={toHash({ view: 'talk', id: null })}
        data-testid="new-talk"
        ref={newTalk}
        onClick={onPick}
      >
        <Icon name="plus" />
        {t('sessions.new')}
      </a>
      <label class="search">
        <Icon name="search" />
        <input
          type="search"
          value={query.value}
          placeholder={t('sessions.search')}
          aria-label={t('sessions.search')}
          data-testid="search"
          onInput={(event) => search(event.currentTarget.value)}
        />
      </label>
      {listFailure.value && <Trouble failure={listFailure.value} onRetry={() => void load()} />}
      {empty && (
        <p class="quiet sessions-empty">
          {query.value.trim() ? t('sessions.nothingFound') : t('sessions.none')}
        </p>
      )}
      <ul class="session-list">
        {sessions.value.map((each) => (
          <SessionItem
            key={each.id}
            session={each}
            view={view}
            current={each.id === id}
            showOwner={Boolean(each.owner) && each.owner !== me.value?.name}
            menuOpen={menu === each.id}
            onMenu={(open) => setMenu(open ? each.id : null)}
            onPick={onPick}
            onDeleted={() => {
              if (route.value.id === each.id) go({ view, id: null });
              // The button that had the focus is gone with the talk.
              requestAnimationFrame(() => newTalk.current?.focus());
            }}
          />
        ))}
      </ul>
      {next.value && (
        <button type="button" class="button button-quiet" onClick={() => void more()}>
          {t('sessions.more')}
        </button>
      )}
    </div>
  );
}
