import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export const kWide = '(min-width: 1100px)'; // talk and trace side by side
export const kRoomy = '(min-width: 820px)'; // the list of talks stands beside the talk

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const note = () => setMatches(list.matches);
    note();
    list.addEventListener('change', note);
    return () => list.removeEventListener('change', note);
  }, [query]);
  return matches;
}

// How wide an element is, in CSS pixels; `first` until it has been measured.
export function useWidth(element: RefObject<HTMLElement>, first: number): number {
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const measured = element.current;
    if (!measured) return;
    const observer = new ResizeObserver(() => setWidth(measured.clientWidth));
    observer.observe(measured);
    return () => observer.disconnect();
  }, []);
  return width;
}
