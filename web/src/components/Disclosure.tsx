import { acknowledgeDisclosure, disclosure } from '../state/app';
import { t } from '../words';
import { Dialog } from './Dialog';
import { LanguageSwitch } from './Settings';

// What everyone should know before the first word. At first contact it has to be acknowledged.
export function Disclosure() {
  if (disclosure.value === 'closed') return null;
  const first = disclosure.value === 'first';
  const close = () => (disclosure.value = 'closed');
  return (
    <Dialog title={t('disclosure.title')} onClose={first ? null : close}>
      <div class="disclosure" data-testid="disclosure">
        <p>{t('disclosure.program')}</p>
        <p>{t('disclosure.kept')}</p>
        <p class="disclosure-emergency">{t('disclosure.emergency')}</p>
        <div class="dialog-foot">
          {first && <LanguageSwitch small />}
          <button
            type="button"
            class="button button-main"
            data-testid="acknowledge"
            onClick={acknowledgeDisclosure}
          >
            {t('disclosure.understood')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
