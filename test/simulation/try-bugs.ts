import { hunt, PLANTED_BUGS } from './planted/bugs.ts';
for (const [name, bug] of Object.entries(PLANTED_BUGS)) {
  const t = performance.now();
  const f = await hunt(bug, Number(process.argv[2] ?? 200));
  console.log(f?.seed ?? 'NOT FOUND', `${((performance.now() - t) / 1000).toFixed(1)}s`, name, '|', f?.outcome.violations.map((v)=>v.invariant).join(' '), f?.outcome.violations[0]?.what);
}
