import { useId } from 'preact/hooks';

import { pinned } from '../state/cards';
import { session } from '../state/talk';
import type { RiskCardContent } from '../wire';
import { t } from '../words';
import { Icon } from './Icon';

// Where help is to be had, in the server's words.
export function RiskCard({ card, onPutAway }: { card: RiskCardContent; onPutAway?: () => void }) {
  const id = useId();
  return (
    <section class="risk-card" aria-labelledby={id} data-testid="risk-card">
      <h3 id={id}>
        <Icon name="heart" />
        {card.title}
      </h3>
      <p>{card.text}</p>
      {card.lines.length > 0 && (
        <ul class="risk-lines">
          {card.lines.map((line) => (
            <li>
              <span class="risk-line-name">{line.name}</span>
              <a class="risk-line-number" href={`tel:${line.number.replace(/[^\d+*#]/g, '')}`}>
                {line.number}
              </a>
              {line.hours && <span class="risk-line-hours">{line.hours}</span>}
            </li>
          ))}
        </ul>
      )}
      {onPutAway && (
        <button type="button" class="button risk-away" onClick={onPutAway}>
          {t('risk.putAway')}
        </button>
      )}
    </section>
  );
}

// The newest card, above the talk until it is put away by its button; the transcript keeps it.
export function PinnedRiskCard() {
  const shown = pinned.value;
  if (!shown || shown.id !== session.value?.id) return null;
  return (
    <div class="risk-pinned" role="alert">
      <RiskCard card={shown.card} onPutAway={() => (pinned.value = null)} />
    </div>
  );
}
