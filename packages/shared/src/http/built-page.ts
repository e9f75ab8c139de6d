import { LeafcutterError } from '../errors.ts';
import type { ServiceApp } from './service-app.ts';

/** A page as it was built, with everything that it loads; the names of its files carry hashes. */
export interface BuiltPage {
  readonly html: string;
  readonly assets: ReadonlyMap<string, Buffer>;
}

/** Nothing from elsewhere, nothing inline, and in nobody's frame: the page holds a token. */
const SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const MEDIA_TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css' };

/** Serves a page at `/`, and what it loads below `/assets`; all of it from memory, and to everyone: it holds no data. */
export function addPage(app: ServiceApp, page: BuiltPage | undefined): void {
  app.route('/', {
    GET(_request, response) {
      if (page === undefined)
        throw new LeafcutterError('NOT_FOUND', 'The page is not built here; npm run build makes it.');
      response.setHeader('Content-Security-Policy', SECURITY_POLICY);
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('Permissions-Policy', 'camera=(), geolocation=(), microphone=()');
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
      response.type('html').send(page.html);
    },
  });
  app.route('/assets/:file', {
    GET(request, response) {
      const name = String(request.params.file);
      const content = page?.assets.get(name);
      if (content === undefined) throw new LeafcutterError('NOT_FOUND', 'There is no such file.');
      response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      response.type(MEDIA_TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream').send(content);
    },
  });
}
