import type { Failure } from '../api';
import { t } from '../words';

// What went wrong, in plain words, and a way on.
export function Trouble({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  const { text, detail } = explain(failure);
  return (
    <div class="trouble" role="alert" data-testid="trouble">
      <div>
        <p>{text}</p>
        {detail && <p class="trouble-detail">{detail}</p>}
      </div>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {t('retry')}
        </button>
      )}
    </div>
  );
}

// Known cases in our own words; the server's words stand below where they may say more.
export function explain(failure: Failure): { text: string; detail: string } {
  if (failure.kind === 'lost') return { text: t('failure.lost'), detail: '' };
  const seconds = failure.retryAfterSeconds;
  switch (failure.status) {
    case 403:
      return { text: t('failure.forbidden'), detail: '' };
    case 404:
      return { text: t('failure.missing'), detail: '' };
    case 409:
      return { text: t('failure.answering'), detail: '' };
    case 413:
      return { text: t('failure.large'), detail: '' };
    case 429:
    case 503:
      return {
        text: seconds ? t('failure.busyFor', { seconds }) : t('failure.busy'),
        detail: failure.status === 503 ? failure.message : '',
      };
    default:
      return { text: t('failure.other'), detail: failure.message };
  }
}
