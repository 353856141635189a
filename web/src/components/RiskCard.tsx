import { useId } from 'preact/hooks';

import { pinned } from '../state/cards';
import { session } from '../state/talk';
import type { RiskCardContent } from '../wire';
import { t } from '../words';
import { Icon } from './Icon';

interface RiskCardProps {
  card: RiskCardContent;
  brief?: boolean; // the heading and the numbers only
  onPutAway?: () => void;
}

// Where help is to be had, in the server's words.
export function RiskCard({ card, brief = false, onPutAway }: RiskCardProps) {
  const id = useId();
  return (
    <section class="risk-card" aria-labelledby={id} data-testid="risk-card">
      <h3 id={id}>
        <Icon name="heart" />
        {card.title}
      </h3>
      {!(brief && card.lines.length > 0) && <p>{card.text}</p>}
      {card.lines.length > 0 && (
        <ul class="risk-lines">
          {card.lines.map((line) => (
            <li>
              <span class="risk-line-name">{line.name}</span>
              <a class="risk-line-number" href={`tel:${line.number.replace(/[^\d+*#]/g, '')}`}>
                {line.number}
              </a>
              {line.hours && !brief && <span class="risk-line-hours">{line.hours}</span>}
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

// The newest card, above the talk until it is put away by its button, which nothing else does. In brief, to
// leave room for the talk; the transcript has all of it.
export function PinnedRiskCard() {
  const shown = pinned.value;
  if (!shown || shown.id !== session.value?.id) return null;
  return (
    <div class="risk-pinned" role="alert">
      <RiskCard card={shown.card} brief onPutAway={() => (pinned.value = null)} />
    </div>
  );
}
