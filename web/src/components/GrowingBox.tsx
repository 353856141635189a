import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface GrowingBoxProps {
  label: string;
  value: string;
  placeholder?: string;
  testId?: string;
  focus?: boolean;
  onChange: (text: string) => void;
  onEnter: () => void;
  onEscape?: () => void;
}

// Enter that chooses among what an input method offers belongs to the input method. Safari says
// so only by the key code 229.
export function isSendingEnter(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'isComposing' | 'keyCode'>,
): boolean {
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

// A text box that is as high as its text; CSS bounds it. Enter sends, Shift+Enter is a new line.
export function GrowingBox(props: GrowingBoxProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const grow = () => {
    const area = box.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  };
  useLayoutEffect(grow, [props.value, props.placeholder]);
  // In a narrower box the same text is higher.
  useEffect(() => {
    let width = 0;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry || entry.contentRect.width === width) return;
      width = entry.contentRect.width;
      grow();
    });
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const area = box.current;
    if (!props.focus || !area) return;
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }, [props.focus]);
  return (
    <textarea
      ref={box}
      class="growing"
      rows={1}
      value={props.value}
      aria-label={props.label}
      placeholder={props.placeholder}
      data-testid={props.testId}
      onInput={(event) => props.onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (isSendingEnter(event)) {
          event.preventDefault();
          props.onEnter();
        } else if (event.key === 'Escape' && !event.isComposing) {
          props.onEscape?.();
        }
      }}
    />
  );
}
