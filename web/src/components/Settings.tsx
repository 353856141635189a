import { disclosure, setTheme, settingsOpen, theme, type Theme } from '../state/app';
import { kLanguages, language, setLanguage, t } from '../words';
import type { Language } from '../wire';
import { Dialog } from './Dialog';

const kThemes: Theme[] = ['system', 'light', 'dark'];

export function Settings() {
  if (!settingsOpen.value) return null;
  const close = () => (settingsOpen.value = false);
  return (
    <Dialog title={t('settings.title')} onClose={close}>
      <Choice
        name="language"
        legend={t('settings.language')}
        options={kLanguages}
        value={language.value}
        onChoose={(id) => setLanguage(id as Language)}
      />
      <Choice
        name="theme"
        legend={t('settings.theme')}
        options={kThemes.map((id) => ({ id, name: t(`theme.${id}`) }))}
        value={theme.value}
        onChoose={(id) => setTheme(id as Theme)}
      />
      <button
        type="button"
        class="button button-quiet"
        onClick={() => {
          close();
          disclosure.value = 'again';
        }}
      >
        {t('disclosure.open')}
      </button>
    </Dialog>
  );
}

interface ChoiceProps {
  name: string;
  legend: string;
  options: { id: string; name: string }[];
  value: string;
  onChoose: (id: string) => void;
}

function Choice({ name, legend, options, value, onChoose }: ChoiceProps) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.id} class="choice-option">
          <input
            type="radio"
            name={name}
            value={option.id}
            checked={option.id === value}
            onChange={() => onChoose(option.id)}
          />
          <span lang={name === 'language' ? option.id : undefined}>{option.name}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function LanguageSwitch({ small = false }: { small?: boolean }) {
  return (
    <select
      class={small ? 'select select-small' : 'select'}
      aria-label={t('settings.language')}
      value={language.value}
      data-testid="language"
      onChange={(event) => setLanguage(event.currentTarget.value as Language)}
    >
      {kLanguages.map((each) => (
        <option key={each.id} value={each.id} lang={each.id}>
          {each.name}
        </option>
      ))}
    </select>
  );
}
