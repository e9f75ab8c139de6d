import type { BufferView } from '@leafcutter/shared/wire';
import type { ComponentChildren } from 'preact';
import { duration, exactly, rate } from '../format.ts';

type Held = NonNullable<BufferView['current']>;

/** A buffer with its name and its figures. */
export function BufferRow({
  name,
  buffer,
  children,
}: {
  name: ComponentChildren;
  buffer: BufferView;
  children?: ComponentChildren;
}) {
  const { ratePerSecond, runwaySeconds, waiting } = buffer;
  return (
    <>
      <div class="holder-head">
        <strong>{name}</strong>
        {children}
        <span class="hint">
          {rate(ratePerSecond)}, runway {duration(runwaySeconds)}
          {waiting > 0 ? `, ${waiting} waiting` : ''}
        </span>
      </div>
      <BufferBar buffer={buffer} />
    </>
  );
}

/** An agent's two segments of a tag: how far the current one is used, when the next is fetched, and whether it is there. */
function BufferBar({ buffer }: { buffer: BufferView }) {
  const { current, next, prefetchAt, refill, lastError } = buffer;
  return (
    <div class="buffer">
      {current === null ? (
        <div class="segment none">no IDs in memory</div>
      ) : (
        // Another segment gets another bar: a bar must not be seen running backwards.
        <Segment key={current.start} held={current} name="current" prefetchAt={prefetchAt} />
      )}
      {next !== null ? (
        <Segment key={next.start} held={next} name="next" />
      ) : refill === 'open' ? (
        <div class="segment coming">fetching the next segment</div>
      ) : refill === 'waiting' ? (
        <div class="segment failed">refill failed{lastError === null ? '' : `: ${lastError}`}</div>
      ) : (
        <div class="segment none">next not fetched yet</div>
      )}
    </div>
  );
}

function Segment({ held, name, prefetchAt }: { held: Held; name: string; prefetchAt?: number }) {
  const share = held.size === 0 ? 0 : held.used / held.size;
  const mark = prefetchAt === undefined || held.size === 0 ? undefined : prefetchAt / held.size;
  return (
    // biome-ignore lint/a11y/useSemanticElements: <meter> cannot hold a mark, nor move smoothly.
    <div
      class={`segment ${name}`}
      role="meter"
      aria-label={`${name} segment ${held.start} to ${held.end}`}
      aria-valuemin={0}
      aria-valuemax={held.size}
      aria-valuenow={held.used}
      aria-valuetext={`${held.used} of ${held.size} IDs used`}
      title={`${held.start} to ${held.end}: ${held.used} of ${held.size} used`}
    >
      <div class="used" data-used={held.used} style={{ transform: `scaleX(${share})` }} />
      {mark === undefined ? null : (
        <div class="prefetch" style={{ left: `${mark * 100}%` }} title="here the next segment is fetched" />
      )}
      <span class="segment-text">
        <span class="id">{held.start}</span>
        <span>
          {exactly(held.used)} of {exactly(held.size)}
        </span>
      </span>
    </div>
  );
}
