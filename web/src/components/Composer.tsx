import { draft, setDraft } from '../state/draft';
import { live, mayWrite, send, stop } from '../state/talk';
import { t } from '../words';
import { GrowingBox } from './GrowingBox';
import { Icon } from './Icon';

export function Composer({ onSent }: { onSent: () => void }) {
  const turn = live.value;
  const submit = () => {
    if (!draft.value.trim() || turn || !mayWrite.value) return;
    void send(draft.value);
    onSent();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="composer-box">
        <GrowingBox
          label={t('composer.label')}
          placeholder={t('composer.placeholder')}
          value={draft.value}
          testId="box"
          onChange={setDraft}
          onEnter={submit}
        />
        {turn ? (
          <button
            type="button"
            class="round-button"
            aria-label={t('composer.stop')}
            title={t('composer.stop')}
            disabled={turn.stopping}
            data-testid="stop"
            onClick={() => void stop()}
          >
            <Icon name="stop" />
          </button>
        ) : (
          <button
            type="submit"
            class="round-button"
            aria-label={t('composer.send')}
            title={t('composer.send')}
            disabled={!draft.value.trim() || !mayWrite.value}
            data-testid="send"
          >
            <Icon name="send" />
          </button>
        )}
      </div>
      <p class="composer-note">{t('composer.note')}</p>
    </form>
  );
}
