import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import {
  type AuditPage,
  auditPage,
  type Explanation,
  explanation,
  type LedgerPage,
  ledgerPage,
} from '@leafcutter/shared/inspection';
import { fromProblem } from '@leafcutter/shared/problem';
import { readTlsFiles, type TlsTexts } from '@leafcutter/shared/tls-files';
import {
  type ComparedTag,
  comparedTag,
  type LowerTagAnswer,
  lowerTagAnswer,
  type TagList,
  type TagView,
  tagList,
  tagView,
} from '@leafcutter/shared/wire';
import { Agent, type Dispatcher, request } from 'undici';
import type { Io } from '../io.ts';
import { ADMIN_TLS_VARIABLES } from './admin-tls.ts';

const TIMEOUT_MS = 10_000;

/** A client that trusts and shows what the environment says. @throws StartError where a file cannot be read */
export function adminClient({ env }: Pick<Io, 'env'>, url: string, token: string | undefined): AdminClient {
  const files = Object.entries(ADMIN_TLS_VARIABLES).map(([name, variable]) => [
    name,
    env[variable] || undefined,
  ]);
  return new AdminClient(url, token, readTlsFiles('coordinator', Object.fromEntries(files)));
}

/** The admin API of one coordinator. Every call throws the code that the coordinator answers with. */
export class AdminClient {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #dispatcher: Agent;

  constructor(url: string, token: string | undefined, tls: TlsTexts = {}) {
    this.#url = url.replace(/\/$/, '');
    this.#token = token;
    this.#dispatcher = new Agent({ connect: { ...tls } });
  }

  async create(request: object): Promise<ComparedTag> {
    return comparedTag.parse(await this.#call('POST', '/v1/tags', request));
  }

  async show(tag: string): Promise<ComparedTag> {
    return comparedTag.parse(await this.#call('GET', pathOf(tag)));
  }

  async change(tag: string, request: object): Promise<TagView> {
    return tagView.parse(await this.#call('PATCH', pathOf(tag), request));
  }

  async retire(tag: string): Promise<ComparedTag> {
    return comparedTag.parse(await this.#call('DELETE', pathOf(tag)));
  }

  async lower(tag: string, to: string, force: boolean): Promise<LowerTagAnswer> {
    return lowerTagAnswer.parse(await this.#call('POST', `${pathOf(tag)}/lower`, { to, force }));
  }

  async list(after: string | undefined, limit = 100): Promise<TagList> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (after !== undefined) query.set('after', after);
    return tagList.parse(await this.#call('GET', `/v1/tags?${query}`));
  }

  /** A page of the ledger of one tag, or of all machine ids. */
  async ledger(of: { tag: string } | 'machine-ids', after: string | undefined): Promise<LedgerPage> {
    const query = new URLSearchParams(of === 'machine-ids' ? { machine: 'all' } : of);
    query.set('limit', '1000');
    if (after !== undefined) query.set('after', after);
    return ledgerPage.parse(await this.#call('GET', `/v1/ledger?${query}`));
  }

  /** A page of the audit trail, newest first. */
  async audit(query: Readonly<Record<string, string>>): Promise<AuditPage> {
    return auditPage.parse(await this.#call('GET', `/v1/audit?${new URLSearchParams(query)}`));
  }

  /** The holder of an ID. */
  async explain(id: string, as: { tag?: string; mode?: string }): Promise<Explanation> {
    return explanation.parse(
      await this.#call('GET', `/v1/explain/${encodeURIComponent(id)}?${new URLSearchParams(as)}`),
    );
  }

  /** Creates a tag with defaults unless it exists. */
  async ensureTag(tag: string): Promise<void> {
    await this.create({ tag }).catch((error: unknown) => {
      if (!hasCode(error, 'TAG_EXISTS')) throw error;
    });
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const { statusCode, body: answer } = await this.#send(method, path, body);
    const document: unknown = await answer.json().catch(() => undefined);
    if (statusCode < 300) return document;
    throw (
      fromProblem(document) ??
      new LeafcutterError(
        'COORDINATOR_UNAVAILABLE',
        `${this.#url} answered ${statusCode}; is it a coordinator?`,
      )
    );
  }

  async #send(method: string, path: string, body?: object): Promise<Dispatcher.ResponseData> {
    try {
      return await request(this.#url + path, {
        method: method as Dispatcher.HttpMethod,
        dispatcher: this.#dispatcher,
        headers: {
          'content-type': 'application/json',
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new LeafcutterError(
        'COORDINATOR_UNAVAILABLE',
        `No coordinator answered at ${this.#url}. Start one, or name another with --coordinator.`,
        { cause: error },
      );
    }
  }
}

function pathOf(tag: string): string {
  return `/v1/tags/${encodeURIComponent(tag)}`;
}
