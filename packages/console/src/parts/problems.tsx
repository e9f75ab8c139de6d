import type { PastProblem } from '@leafcutter/shared/fleet-views';
import { ago, duration } from '../format.ts';
import { linkTo } from '../route.ts';
import { Empty } from './basics.tsx';

const SHOWN = 12;

/** Present and past problems, in plain words. */
export function Problems({ problems, nowMs }: { problems: readonly PastProblem[]; nowMs: number }) {
  if (problems.length === 0) return <Empty>This coordinator has seen no problem since it started.</Empty>;
  return (
    <ul class="problems">
      {problems.slice(0, SHOWN).map((problem) => {
        const { name, mark } = lookOf(problem);
        return (
          <li key={`${problem.key} ${problem.sinceMs}`} class={name}>
            <span class="mark" aria-hidden="true">
              {mark}
            </span>
            <div>
              <Sentence problem={problem} />
              <p class="hint">{lasting(problem, nowMs)}</p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function lookOf({ level, untilMs, unknownSinceMs }: PastProblem) {
  if (untilMs !== null) return { name: 'over', mark: unknownSinceMs === null ? '✓' : '?' };
  if (unknownSinceMs !== null) return { name: 'unknown', mark: '?' };
  return { name: level, mark: level === 'critical' ? '✖' : '▲' };
}

function Sentence({ problem: { sentence, about } }: { problem: PastProblem }) {
  if (about === null) return <p>{sentence}</p>;
  const href = 'tag' in about ? linkTo('tags', about.tag) : linkTo('agents', about.agentId);
  return (
    <p>
      <a href={href}>{sentence}</a>
    </p>
  );
}

function lasting({ sinceMs, untilMs, unknownSinceMs }: PastProblem, nowMs: number): string {
  const span = (fromMs: number, toMs: number) => duration(Math.max(0, Math.round((toMs - fromMs) / 1000)));
  if (untilMs !== null && unknownSinceMs !== null)
    return `no longer listed since ${ago(untilMs, nowMs)}, and not known to be over`;
  if (untilMs !== null) return `over ${ago(untilMs, nowMs)}, lasted ${span(sinceMs, untilMs)}`;
  if (unknownSinceMs === null) return `for ${span(sinceMs, nowMs)}`;
  return `so it was ${ago(unknownSinceMs, nowMs)}; whether it lasts cannot be known now`;
}
