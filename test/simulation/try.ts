import { scenarioOf } from './scenario.ts';
import { simulate } from './simulate.ts';
const from = Number(process.argv[2] ?? 1), n = Number(process.argv[3] ?? 5);
const begun = performance.now(); let sim = 0, ev = 0, ids=0, req=0, ref=0, bad=0;
for (let seed = from; seed < from + n; seed++) {
  const o = await simulate(scenarioOf(seed));
  sim += o.simulatedMs / 1000; ev += o.events; ids+=o.idsIssued; req+=o.requests; ref+=o.refusals;
  if (o.violations.length) { bad++; console.log(seed, o.hash, o.violations.slice(0,3)); if (process.argv[4]) console.log(o.lines.slice(-Number(process.argv[4])).join('\n')); }
}
const s = (performance.now() - begun) / 1000;
console.log({ bad, s, sim, rate: sim / s, evPerSim: ev / sim, evPerS: ev / s, ids, req, ref });
