import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface Props {
  // Draws for a width in CSS pixels; one picture, or several below one another.
  draw: (width: number) => Element;
  summary: string; // all that the picture says, for those who do not see it
  max?: number; // pixels
}

// A chart as wide as its place. Hidden ones, as in closed details, are drawn when they are shown.
export function Chart({ draw, summary, max }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);

  useLayoutEffect(() => {
    const element = place.current!;
    const measure = () => setWidth(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (width < 40) return;
    const drawn = draw(width);
    for (const part of drawn.querySelectorAll('[aria-label]')) {
      part.removeAttribute('aria-label'); // "dot", "rule": of no use beside the summary
    }
    // The first picture speaks for all; the table beside them has every figure.
    const pictures = drawn.matches('svg') ? [drawn] : [...drawn.querySelectorAll('svg')];
    pictures.forEach((picture, i) => {
      if (i > 0) return picture.setAttribute('aria-hidden', 'true');
      picture.setAttribute('role', 'img');
      picture.setAttribute('aria-label', summary);
    });
    place.current!.replaceChildren(drawn);
  }, [draw, width, summary]);

  return <div class="chart" ref={place} style={max ? { maxWidth: max } : {}} />;
}
