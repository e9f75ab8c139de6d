import { reason, type Trial, type Way } from './subject.ts';

/** A status that a controller changes just then is a difference, too. */
const ATTEMPTS = 5;

/** What `kubectl diff` says; undefined if nothing. */
export async function difference(
  trial: Trial,
  flags: readonly string[],
  text?: string,
): Promise<string | undefined> {
  let said = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ran = await trial.cluster.kubectl(['diff', '--namespace', trial.namespace, ...flags], text);
    if (ran.isOk) return undefined;
    said = (/^[+-] .*/m.exec(ran.out)?.[0] ?? reason(ran)).slice(0, 120);
  }
  return said;
}

/** What was last brought by this way with these values. */
export async function broughtText(trial: Trial, values: object, way: Way): Promise<string> {
  if (way === 'server-side apply') return (await trial.render(values)).out;
  const flags = ['get', 'manifest', 'leafcutter', '--namespace', trial.namespace];
  return (await trial.cluster.helm(way === 'Helm 3' ? 3 : 4, flags)).out;
}

const ANEW = ['apply', '--server-side', '--dry-run=server', '--field-manager=anew', '--output=json'];

/**
 * The first field in which what is there differs from what the server would make of the same text where nothing was before;
 * undefined if there is none. `kubectl diff` does not see what an earlier version left behind.
 */
export async function leftBehind(trial: Trial, text: string): Promise<string | undefined> {
  const anew = text.replaceAll(new RegExp(`namespace: "?${trial.namespace}"?$`, 'gm'), 'namespace: default');
  const [fresh, live] = await Promise.all([
    trial.cluster.kubectl([...ANEW, '--namespace', 'default', '-f', '-'], anew),
    trial.cluster.kubectl(['get', '--output=json', '--namespace', trial.namespace, '-f', '-'], text),
  ]);
  if (!fresh.isOk || !live.isOk) return reason(fresh.isOk ? live : fresh);
  const [wanted, there] = [fresh, live].map(({ out }) => itemsOf(out));
  return firstDifference(wanted, there, '');
}

interface Item {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: unknown;
}

/** What Helm and the controllers add by themselves. */
const ADDED =
  /^(meta\.helm\.sh|deployment\.kubernetes\.io|deprecated\.daemonset|kubectl\.kubernetes\.io|app\.kubernetes\.io\/managed-by)/;
/** Drawn anew for each object, or the autoscaler's business. */
const OWN = new Set(['clusterIP', 'clusterIPs', 'nodePort', 'healthCheckNodePort', 'replicas']);

function itemsOf(json: string): Record<string, unknown> {
  const list = JSON.parse(json) as { items?: readonly Item[] } & Item;
  const own = (texts: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(texts).filter(([key]) => !ADDED.test(key)));
  return Object.fromEntries(
    (list.items ?? [list]).map(({ status: _, metadata, ...rest }) => [
      `${rest.kind} ${metadata.name}`,
      { ...rest, labels: own(metadata.labels), annotations: own(metadata.annotations) },
    ]),
  );
}

function firstDifference(wanted: unknown, there: unknown, path: string): string | undefined {
  if (typeof wanted !== 'object' || typeof there !== 'object' || wanted === null || there === null)
    return Object.is(wanted, there)
      ? undefined
      : `${path}: ${JSON.stringify(there)}, not ${JSON.stringify(wanted)}`.slice(0, 160);
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(there)])) {
    if (OWN.has(key)) continue;
    const [one, other] = [wanted, there].map((side) => (side as Readonly<Record<string, unknown>>)[key]);
    const found = firstDifference(one, other, `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
