import { useState } from 'preact/hooks';

import type { Failure } from '../api';
import * as api from '../api';
import { noteKeyTrouble } from '../state/app';
import { methods, models, schemes } from '../state/knowledge';
import { noteChanged } from '../state/sessions';
import { readOnly, session } from '../state/talk';
import type { LanguageChoice, SessionChange } from '../wire';
import { kLanguages, t } from '../words';
import { Trouble } from './Trouble';

interface Option {
  id: string;
  name: string;
}

// Method, phases, model and language of the open talk.
export function Setup() {
  const [failure, setFailure] = useState<Failure | null>(null);
  const current = session.value;
  if (!current) return null;

  const change = async (wanted: SessionChange) => {
    setFailure(null);
    try {
      const changed = await api.changeSession(current.id, wanted);
      noteChanged(changed);
      if (session.value?.id === changed.id) session.value = changed;
    } catch (error) {
      session.value = { ...current }; // the list shows again what holds
      if (!noteKeyTrouble(error)) setFailure(error as Failure);
    }
  };
  const languages: Option[] = [{ id: 'auto', name: t('watch.autoLanguage') }, ...kLanguages];
  const summary = methods.value.find((each) => each.name === current.method)?.summary;

  return (
    <details class="panel setup">
      <summary>
        <span class="setup-title">{t('watch.setup')}</span>
        <span class="setup-now">
          {[current.method, current.scheme, current.model].filter(Boolean).join(' · ')}
        </span>
      </summary>
      <div class="setup-fields">
        <Pick
          label={t('watch.method')}
          value={current.method}
          options={methods.value.map(({ name }) => ({ id: name, name }))}
          testId="method"
          disabled={readOnly.value}
          onPick={(method) => void change({ method })}
        />
        <Pick
          label={t('watch.scheme')}
          value={current.scheme}
          options={schemes.value.map(({ id, title }) => ({ id, name: title }))}
          testId="scheme"
          disabled={readOnly.value}
          onPick={(scheme) => void change({ scheme })}
        />
        <Pick
          label={t('watch.model')}
          value={current.model}
          options={models.value.map(({ name }) => ({ id: name, name }))}
          disabled={readOnly.value}
          onPick={(model) => void change({ model })}
        />
        <Pick
          label={t('watch.talkLanguage')}
          value={current.language}
          options={languages}
          disabled={readOnly.value}
          onPick={(language) => void change({ language: language as LanguageChoice })}
        />
      </div>
      {summary && (
        <p class="setup-summary" lang="en">
          {summary}
        </p>
      )}
      <p class="quiet setup-note">{t('watch.setupNote')}</p>
      {failure && <Trouble failure={failure} />}
    </details>
  );
}

interface PickProps {
  label: string;
  value: string;
  options: Option[];
  disabled?: boolean;
  testId?: string;
  onPick: (id: string) => void;
}

export function Pick({ label, value, options, disabled, testId, onPick }: PickProps) {
  // What holds is offered even before the list has come, or where it is not in the list.
  const all = options.some(({ id }) => id === value) ? options : [{ id: value, name: value }, ...options];
  return (
    <label class="field">
      <span>{label}</span>
      <select
        class="select"
        value={value}
        disabled={disabled}
        data-testid={testId}
        onChange={(event) => onPick(event.currentTarget.value)}
      >
        {all.map((option) => (
          <option key={option.id} value={option.id}>
            {option.name}
          </option>
        ))}
      </select>
    </label>
  );
}
