import { useEffect } from 'preact/hooks';

/** Names the page in the browser's tabs and history, the most telling word first. */
export function useTitle(...words: readonly string[]): void {
  const title = [...words, 'Leafcutter'].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
}
