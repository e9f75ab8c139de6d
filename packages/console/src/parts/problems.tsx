import type { PastProblem } from '@leafcutter/shared/fleet-views';
import { ago, duration } from '../format.ts';
import { linkTo } from '../route.ts';
import { Empty } from './basics.tsx';

const SHOWN = 12;

/** Present and past problems, in plain words. */
export function Problems({ problems, nowMs }: { problems: readonly PastProblem[]; nowMs: number }) {
  if (problems.length === 0) return <Empty>Nothing has gone wrong since this coordinator started.</Empty>;
  return (
    <ul class="problems">
      {problems.slice(0, SHOWN).map((problem) => {
        const { key, level, sentence, sinceMs, untilMs } = problem;
        const tag = /^(?:tag|exhaustion) (.+)$/.exec(key)?.[1];
        return (
          <li key={`${key} ${sinceMs}`} class={untilMs === null ? level : 'over'}>
            <span class="mark" aria-hidden="true">
              {untilMs === null ? (level === 'critical' ? '✖' : '▲') : '✓'}
            </span>
            <div>
              <p>{tag === undefined ? sentence : <a href={linkTo('tags', tag)}>{sentence}</a>}</p>
              <p class="hint">
                {untilMs === null
                  ? `for ${duration(Math.max(0, Math.round((nowMs - sinceMs) / 1000)))}`
                  : `over ${ago(untilMs, nowMs)}, lasted ${duration(Math.round((untilMs - sinceMs) / 1000))}`}
              </p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
