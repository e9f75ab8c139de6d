/** Makes the tables of endpoints in the documents of what stands beside the handlers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentEndpoints } from '../packages/agent/src/doors/http/endpoints/all.ts';
import { COORDINATOR_ENDPOINTS } from '../packages/coordinator/src/http/endpoints/all.ts';

const AGENT_ENDPOINTS = agentEndpoints(true);

/** Tokens that open an endpoint, by its access; docs/api.md leaves out what only agents ask. */
const TOKENS = {
  viewer: 'viewer or admin',
  admin: 'admin',
  any: 'any',
  tag: 'one for the tag',
  snowflake: 'one for snowflakes',
  decoded: 'any, or one for the tag',
};
const FOR_AGENTS = ['segments', 'reads', 'leases', 'reports'];

const forAgents = ({ access }) => FOR_AGENTS.includes(access);
const isOpen = ({ access }) => access === undefined;
const pathOf = ({ at }) => at.slice(at.indexOf(' ') + 1);
const methodOf = ({ at }) => at.slice(0, at.indexOf(' '));

const table = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('')
    .replace(/^(\| ---.*)$/m, (rule) => rule.replaceAll(' ', ''));

/** What each address does, a line for each query that is worth one. */
function requests(endpoints) {
  const rows = [
    ...Map.groupBy(endpoints, (endpoint) => pathOf(endpoint) + endpoint.summary).values(),
  ].flatMap((same) => {
    const [{ summary, details, variants = {}, access, at }] = same;
    const token = TOKENS[access] ?? '–';
    const does = details === undefined ? summary : `${summary} ${details}`;
    return [
      [`\`${same.map(methodOf).join(' or ')} ${pathOf(same[0])}\``, does, token],
      ...Object.entries(variants).map(([query, what]) => [`\`${at}${query}\``, what, token]),
    ];
  });
  rows.push(['`GET /openapi.json`', 'All of this as an OpenAPI 3.1 document.', '–']);
  return table(['request', 'answer', 'token'], rows);
}

/** Endpoints that are alike in what `cellsOf` says, a line for each such group. */
function alike(heads, endpoints, cellsOf) {
  const groups = Map.groupBy(endpoints, (endpoint) => JSON.stringify(cellsOf(endpoint)));
  const rows = [...groups].map(([cells, same]) => [
    [...new Set(same.map(({ at }) => `\`${at}\``))].join(' '),
    ...JSON.parse(cells),
  ]);
  return table(heads, rows);
}

const limits = (endpoints) =>
  alike(
    ['address', 'how often', 'how large', 'names that it can make', 'how long'],
    endpoints,
    ({ limits: { howOften, howLarge, makes, howLong } }) => [howOften, howLarge, makes, howLong],
  );

const errors = (whose, endpoints) =>
  alike(
    [`address of ${whose}`, 'codes'],
    endpoints.filter((endpoint) => endpoint.errors !== undefined),
    (endpoint) => [endpoint.errors.map((code) => `\`${code}\``).join(', ')],
  );

const TABLES = {
  'docs/api.md': {
    agent: requests(AGENT_ENDPOINTS),
    coordinator: requests(COORDINATOR_ENDPOINTS.filter((endpoint) => !forAgents(endpoint))),
  },
  'docs/limits.md': {
    'coordinator, for agents': limits(COORDINATOR_ENDPOINTS.filter(forAgents)),
    'coordinator, for people': limits(
      COORDINATOR_ENDPOINTS.filter((endpoint) => !forAgents(endpoint) && !isOpen(endpoint)),
    ),
    agent: limits(AGENT_ENDPOINTS.filter((endpoint) => !isOpen(endpoint))),
    both: limits([...COORDINATOR_ENDPOINTS, ...AGENT_ENDPOINTS].filter(isOpen)),
  },
  'docs/errors.md': {
    errors: `${errors('an agent', AGENT_ENDPOINTS)}\n${errors('a coordinator', COORDINATOR_ENDPOINTS)}`,
  },
};

/** The documents with their tables as they should be, by file. */
export function withEndpointTables(root) {
  return Object.fromEntries(
    Object.entries(TABLES).map(([file, tables]) => {
      let text = readFileSync(join(root, file), 'utf8');
      for (const [name, rows] of Object.entries(tables)) text = filled(text, name, rows);
      return [file, text];
    }),
  );
}

/** `text` with `rows` between the marks of `name`. @throws Error where they are not there */
function filled(text, name, rows) {
  const begin = `<!-- made of the endpoints by npm run build: ${name} -->\n`;
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf('<!-- end -->', from);
  if (!text.includes(begin) || to < from) throw new Error(`There is no place for the table "${name}".`);
  return `${text.slice(0, from)}\n${rows}\n${text.slice(to)}`;
}
