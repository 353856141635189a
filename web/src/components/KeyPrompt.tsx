import { useState } from 'preact/hooks';

import { keyState, useKey } from '../state/app';
import { t } from '../words';

// Asks for the server's key, once a tab.
export function KeyPrompt() {
  const [key, setKey] = useState('');
  const refused = keyState.value === 'refused';
  return (
    <main class="gate">
      <form
        class="card gate-card"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim()) void useKey(key);
        }}
      >
        <h1>{t('key.title')}</h1>
        <p>{t('key.explain')}</p>
        <label class="field">
          <span>{t('key.label')}</span>
          <input
            type="password"
            autocomplete="off"
            value={key}
            aria-invalid={refused}
            aria-describedby={refused ? 'key-refused' : undefined}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        {refused && (
          <p id="key-refused" class="field-error" role="alert">
            {t('key.refused')}
          </p>
        )}
        <button type="submit" class="button button-main">
          {t('key.use')}
        </button>
      </form>
    </main>
  );
}
