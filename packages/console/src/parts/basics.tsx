import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** A word for a state; the colour only repeats it. */
export function Badge({
  tone,
  children,
}: {
  tone: 'ok' | 'warning' | 'critical' | 'idle' | 'unknown';
  children: ComponentChildren;
}) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** A figure with its name. A long one takes the room of two. */
export function Fact({
  name,
  children,
  hint,
  isLong = false,
}: {
  name: string;
  children: ComponentChildren;
  hint?: string;
  isLong?: boolean;
}) {
  return (
    <div class={isLong ? 'fact long' : 'fact'} title={hint}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Card({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** The text of a list that has nothing to show. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function Loading() {
  return (
    <main id="main" tabIndex={-1}>
      <p class="empty" role="status">
        Waiting for the first data …
      </p>
    </main>
  );
}

/** The head of a column, and the classes of its cell. */
type Column = readonly [head: string, kind?: string];

/** A table that scrolls sideways if the screen is narrow, also by keyboard; then it says that there is more. */
export function Table({
  label,
  columns,
  children,
}: {
  label: string;
  columns: readonly Column[];
  children: ComponentChildren;
}) {
  const box = useRef<HTMLElement>(null);
  const [hidden, setHidden] = useState(0);
  useEffect(() => {
    const look = () => setHidden(box.current === null ? 0 : hiddenColumns(box.current));
    const watcher = new ResizeObserver(look);
    for (const element of [box.current, box.current?.firstElementChild])
      if (element != null) watcher.observe(element);
    box.current?.addEventListener('scroll', look, { passive: true });
    return () => watcher.disconnect();
  }, []);
  return (
    <div class={`scrolling ${hidden > 0 ? 'more' : ''}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={label} ref={box}>
        <table>
          <thead>
            <tr>
              {columns.map(([head, kind]) => (
                <th key={head} scope="col" class={kind}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </section>
      {hidden > 0 ? (
        <p class="cue">
          Scroll sideways for {hidden} more {hidden === 1 ? 'column' : 'columns'} →
        </p>
      ) : null}
    </div>
  );
}

/** Columns that lie wholly or for the most part beyond the right edge of what is seen. */
function hiddenColumns(box: HTMLElement): number {
  const edge = box.getBoundingClientRect().right;
  return [...box.querySelectorAll('thead th')].filter((head) => {
    const { left, right } = head.getBoundingClientRect();
    return (left + right) / 2 > edge;
  }).length;
}
