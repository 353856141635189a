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
