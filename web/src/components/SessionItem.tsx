import { useState } from 'preact/hooks';

import type { Failure } from '../api';
import { toHash, type Route } from '../route';
import { noteKeyTrouble } from '../state/app';
import { remove, rename, saveExport } from '../state/sessions';
import { session as openSession } from '../state/talk';
import { t, when } from '../words';
import type { Session } from '../wire';
import { Dialog } from './Dialog';
import { Icon } from './Icon';
import { Trouble } from './Trouble';

interface SessionItemProps {
  session: Session;
  view: Route['view'];
  current: boolean;
  showOwner: boolean;
  menuOpen: boolean;
  onMenu: (open: boolean) => void;
  onPick?: () => void;
  onDeleted: () => void;
}

export function SessionItem(props: SessionItemProps) {
  const { session, view, current, showOwner, menuOpen, onMenu, onPick } = props;
  const [asking, setAsking] = useState<'rename' | 'delete' | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const name = session.title || t('sessions.untitled');

  const attempt = async (action: () => Promise<unknown>) => {
    setFailure(null);
    try {
      await action();
      setAsking(null);
      onMenu(false);
    } catch (error) {
      if (!noteKeyTrouble(error)) setFailure(error as Failure);
    }
  };
  const doRename = (title: string) =>
    attempt(async () => {
      const changed = await rename(session.id, title);
      if (openSession.value?.id === session.id) openSession.value = changed;
    });
  const doDelete = () =>
    attempt(async () => {
      await remove(session.id);
      props.onDeleted();
    });

  return (
    <li class={current ? 'session session-current' : 'session'} data-session={session.id}>
      <div class="session-row">
        <a
          class="session-link"
          href={toHash({ view, id: session.id })}
          aria-current={current ? 'true' : undefined}
          onClick={onPick}
        >
          <span class="session-title">{name}</span>
          <span class="session-when">
            {showOwner && <span class="session-owner">{session.owner}</span>}
            <time dateTime={new Date(session.updated_ms).toISOString()}>
              {when(session.updated_ms)}
            </time>
          </span>
        </a>
        <button
          type="button"
          class="icon-button"
          aria-label={t('sessions.actions', { name })}
          aria-expanded={menuOpen}
          onClick={() => onMenu(!menuOpen)}
        >
          <Icon name="more" />
        </button>
      </div>
      {menuOpen && (
        <div class="session-actions">
          <button type="button" class="button button-small" onClick={() => setAsking('rename')}>
            <Icon name="edit" />
            {t('sessions.rename')}
          </button>
          <button
            type="button"
            class="button button-small"
            onClick={() => void attempt(() => saveExport(session))}
          >
            <Icon name="save" />
            {t('sessions.export')}
          </button>
          <button type="button" class="button button-small" onClick={() => setAsking('delete')}>
            <Icon name="trash" />
            {t('sessions.delete')}
          </button>
          {failure && !asking && <Trouble failure={failure} />}
        </div>
      )}
      {asking === 'rename' && (
        <RenameDialog
          title={session.title}
          failure={failure}
          onRename={doRename}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === 'delete' && (
        <Dialog title={t('delete.title')} onClose={() => setAsking(null)}>
          <p>{t('delete.explain', { name })}</p>
          {failure && <Trouble failure={failure} />}
          <div class="dialog-foot">
            <button type="button" class="button" onClick={() => setAsking(null)}>
              {t('cancel')}
            </button>
            <button
              type="button"
              class="button button-danger"
              data-testid="confirm-delete"
              onClick={() => void doDelete()}
            >
              {t('delete.confirm')}
            </button>
          </div>
        </Dialog>
      )}
    </li>
  );
}

interface RenameDialogProps {
  title: string;
  failure: Failure | null;
  onRename: (title: string) => void;
  onClose: () => void;
}

function RenameDialog({ title, failure, onRename, onClose }: RenameDialogProps) {
  const [words, setWords] = useState(title);
  return (
    <Dialog title={t('sessions.rename')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (words.trim()) onRename(words.trim());
        }}
      >
        <label class="field">
          <span>{t('rename.label')}</span>
          <input
            value={words}
            maxLength={200}
            autofocus
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </label>
        {failure && <Trouble failure={failure} />}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="submit" class="button button-main">
            {t('save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
