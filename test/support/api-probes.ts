import type { ApiDocument, ApiOperation } from './api-document.ts';

/** A request that an operation takes, or refuses with `status`. */
export interface Example {
  /** Values of the parameters in the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly accept?: string;
  readonly status: number;
}

/** A request made from an example that the document says how to answer. */
export interface Probe {
  readonly what: string;
  readonly method: string;
  /** With the query. */
  readonly address: string;
  readonly token: string | undefined;
  readonly body?: string | undefined;
  readonly accept?: string | undefined;
  /** Undefined where any documented answer will do. */
  readonly status: number | undefined;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
const STRANGE: readonly unknown[] = [null, -1, 1.5, '', 'x'.repeat(300), true, {}, [], [1], 1e300, '\u0000'];

/** The example itself. */
export function probeOf({ method, path }: ApiOperation, example: Example, token: string | undefined): Probe {
  const { query = '', body, accept, status } = example;
  return {
    what: `${query} ${JSON.stringify(example.path ?? {})} ${JSON.stringify(body ?? null)}`,
    method,
    address: filled(path, example.path) + query,
    token,
    body: body === undefined ? undefined : JSON.stringify(body),
    accept,
    status,
  };
}

/** What the document says is refused, made from a request that is not. */
export function refusedProbes(
  document: ApiDocument,
  operation: ApiOperation,
  example: Example,
  token: string | undefined,
  otherTokens: readonly string[],
): Probe[] {
  const good = probeOf(operation, example, token);
  const bare = filled(operation.path, example.path);
  const isGuarded = operation.facts.security.length > 0;
  return [
    ...METHODS.filter((method) => !operation.methods.includes(method)).map((method) => ({
      ...good,
      what: `by ${method}`,
      method,
      body: undefined,
      status: 405,
    })),
    ...(isGuarded ? [undefined, ...otherTokens] : []).map((other) => ({
      ...good,
      what: `with token ${other}`,
      token: other,
      status: 401,
    })),
    ...(bare === operation.path ? [] : ['%', '%zz', '%E0%A4%A']).map((escape) => ({
      ...good,
      what: `with ${escape} in the path`,
      address: operation.path.replace(/\{\w+\}/, escape),
      status: 400,
    })),
    ...badQueries(document, operation).map((query) => ({
      ...good,
      what: `with ${query}`,
      address: bare + query,
      status: 400,
    })),
    ...bodyProbes(document, operation, good, example.body),
  ];
}

/** A query that is not looked at has no parameters in the document and cannot be wrong. */
function badQueries(document: ApiDocument, { facts, id }: ApiOperation): string[] {
  const parameters = (facts.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const values = ['', '0', '-1', '1e3', '10001', 'nonsense', 'x'.repeat(200)];
  const wrong = parameters.flatMap(({ name, schema }) =>
    values
      .filter(
        (value) => document.problems(schema, schema.type === 'integer' ? digits(value) : value).length > 0,
      )
      .map((value) => `?${name}=${value}`),
  );
  const twice = parameters.map(({ name }) => `?${name}=1&${name}=1`);
  const unknown = parameters.length > 0 || id === 'listAgents' ? ['?nobody-knows=1'] : [];
  return [...wrong, ...twice, ...unknown];
}

function digits(text: string): number | string {
  return /^[0-9]+$/.test(text) ? Number(text) : text;
}

/** Fields left out, added and set to strange values: what the schema refuses has to be refused. */
function bodyProbes(
  document: ApiDocument,
  { facts }: ApiOperation,
  good: Probe,
  body: Example['body'],
): Probe[] {
  const schema = facts.requestBody?.content?.['application/json']?.schema;
  if (schema === undefined) return [];
  if (body === undefined) throw new Error('an operation with a body needs an example of one');
  const fields = Object.keys(body);
  const changed: unknown[] = [
    ...STRANGE,
    { ...body, nobodyKnows: 1 },
    ...fields.map((left) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== left))),
    ...fields.flatMap((name) => STRANGE.map((value) => ({ ...body, [name]: value }))),
  ];
  return [
    { ...good, what: 'without a body', body: undefined, status: 400 },
    { ...good, what: 'with half a body', body: '{"a":', status: 400 },
    { ...good, what: 'with a long body', body: JSON.stringify('x'.repeat(300_000)), status: 413 },
    ...changed.map((value) => ({
      ...good,
      what: `with the body ${JSON.stringify(value).slice(0, 120)}`,
      body: JSON.stringify(value),
      status: document.problems(schema, value).length > 0 ? 400 : undefined,
    })),
  ];
}

function filled(path: string, values: Example['path'] = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(values[name] ?? ''));
}
