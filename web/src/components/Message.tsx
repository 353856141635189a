import { useState } from 'preact/hooks';

import { cardOf } from '../state/cards';
import { edit, editing, live, readOnly, regenerate, session } from '../state/talk';
import type { LiveTurn } from '../turn';
import type { Message } from '../wire';
import { t } from '../words';
import { GrowingBox } from './GrowingBox';
import { Icon, type IconName } from './Icon';
import { Prose } from './Prose';
import { RiskCard } from './RiskCard';

export function ClientMessage({ message }: { message: Message }) {
  const mayEdit = !readOnly.value && !live.value;
  if (editing.value?.index === message.index && mayEdit) {
    return (
      <li class="message message-client" data-role="client" data-index={message.index}>
        <EditBox />
      </li>
    );
  }
  return (
    <li class="message message-client" data-role="client" data-index={message.index}>
      <span class="hidden">{t('talk.you')}:</span>
      <div class="bubble">{message.text}</div>
      <div class="message-actions">
        <CopyButton text={message.text} />
        {mayEdit && (
          <Action
            icon="edit"
            name={t('talk.edit')}
            testId="edit"
            onClick={() => (editing.value = { index: message.index, text: message.text })}
          />
        )}
      </div>
    </li>
  );
}

function EditBox() {
  const { index, text } = editing.value!;
  const change = (words: string) => (editing.value = { index, text: words });
  const cancel = () => (editing.value = null);
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault();
        void edit(index, text);
      }}
    >
      <GrowingBox
        label={t('talk.editLabel')}
        value={text}
        focus
        onChange={change}
        onEnter={() => void edit(index, text)}
        onEscape={cancel}
      />
      <p class="edit-note">{t('talk.editNote')}</p>
      <div class="edit-foot">
        <button type="button" class="button" onClick={cancel}>
          {t('cancel')}
        </button>
        <button type="submit" class="button button-main" disabled={!text.trim()}>
          {t('talk.editSend')}
        </button>
      </div>
    </form>
  );
}

export function CounsellorMessage({ message, last }: { message: Message; last: boolean }) {
  const card = session.value && cardOf(session.value.id, message);
  return (
    <li class="message message-counsellor" data-role="counsellor" data-index={message.index}>
      {message.answer?.disclosure && <Notice text={message.answer.disclosure} />}
      {card && <RiskCard card={card} />}
      <span class="hidden">{t('talk.counsellor')}:</span>
      <Prose text={message.text} />
      {message.cancelled && <p class="stopped">{t('talk.stopped')}</p>}
      <div class="message-actions">
        {message.text && <CopyButton text={message.text} />}
        {last && !readOnly.value && (
          <Action
            icon="again"
            name={t('talk.regenerate')}
            testId="regenerate"
            onClick={() => void regenerate()}
          />
        )}
      </div>
    </li>
  );
}

// What has to be told before a reply: that this is a program.
function Notice({ text }: { text: string }) {
  return (
    <p class="notice" data-testid="notice">
      {text}
    </p>
  );
}

// The turn under way. Hidden from screen readers' live reading: the finished reply is announced.
export function LiveReply({ turn }: { turn: LiveTurn }) {
  return (
    <>
      {turn.clientText !== null && (
        <li class="message message-client" data-role="client">
          <span class="hidden">{t('talk.you')}:</span>
          <div class="bubble">{turn.clientText}</div>
        </li>
      )}
      <li class="message message-counsellor" data-role="counsellor" data-live>
        {turn.disclosure && <Notice text={turn.disclosure} />}
        {turn.risk?.card && <RiskCard card={turn.risk.card} />}
        <span class="hidden">{t('talk.counsellor')}:</span>
        {turn.text ? (
          <Prose text={turn.text} />
        ) : (
          <p class="thinking">
            <span class="thinking-dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {turn.stopping ? t('talk.stopping') : t('talk.thinking')}
          </p>
        )}
      </li>
    </>
  );
}

interface ActionProps {
  icon: IconName;
  name: string;
  testId?: string;
  onClick: () => void;
}

function Action({ icon, name, testId, onClick }: ActionProps) {
  return (
    <button
      type="button"
      class="icon-button icon-button-small"
      aria-label={name}
      title={name}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await copyText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    } catch {
      // The browser does not let us; the text can still be marked by hand.
    }
  };
  return (
    <Action
      icon={copied ? 'done' : 'copy'}
      name={copied ? t('talk.copied') : t('talk.copy')}
      testId="copy"
      onClick={() => void copy()}
    />
  );
}

// Over plain HTTP from another machine there is no navigator.clipboard.
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = document.createElement('textarea');
  box.value = text;
  box.className = 'hidden';
  document.body.append(box);
  box.select();
  document.execCommand('copy');
  box.remove();
}
