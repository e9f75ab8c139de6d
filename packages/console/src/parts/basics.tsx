import type { ComponentChildren } from 'preact';

/** A word for a state; the colour only repeats it. */
export function Badge({
  tone,
  children,
}: {
  tone: 'ok' | 'warning' | 'critical' | 'idle';
  children: ComponentChildren;
}) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** A figure with its name. */
export function Fact({ name, children, hint }: { name: string; children: ComponentChildren; hint?: string }) {
  return (
    <div class="fact" title={hint}>
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

/** A table that scrolls sideways if the screen is narrow, also by keyboard. */
export function Table({
  label,
  columns,
  children,
}: {
  label: string;
  columns: readonly Column[];
  children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="scroll" tabIndex={0} aria-label={label}>
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
  );
}
