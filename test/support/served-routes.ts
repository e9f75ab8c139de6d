import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { agentApp } from '@leafcutter/agent/doors/http/routes';
import type { OpenApi } from './api-document.ts';

type App = ReturnType<typeof agentApp>;

/** The paths that an application serves, as its router and not its document tells, with `{name}` for parameters. */
export function servedPaths(app: App): string[] {
  const routes = app.router.stack.flatMap(({ route }) => (route === undefined ? [] : [route.path]));
  return routes.map((path) => path.replaceAll(/:(\w+)/g, '{$1}'));
}

/** Paths that are served and not documented, and those that are documented and not served. */
export function compareRoutes(app: App, { paths }: OpenApi): { undocumented: string[]; unserved: string[] } {
  const served = servedPaths(app);
  const documented = Object.keys(paths);
  return {
    undocumented: served.filter((path) => !documented.includes(path)),
    unserved: documented.filter((path) => !served.includes(path)),
  };
}

/** The document that an application in this process serves. */
export async function documentOf(app: App): Promise<OpenApi> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return (await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json()) as OpenApi;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
