import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import type { Parameter } from './parameter.ts';
import { parseBody } from './parse-body.ts';
import { readQuery } from './query.ts';

/** What one caller can use up at an address, for docs/limits.md. */
interface Limits {
  readonly howOften: string;
  readonly howLarge: string;
  /** Names that it can make. */
  readonly makes: string;
  readonly howLong: string;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
/** Method and path, as in `GET /v1/tags/{tag}`. */
type Address = `${Method} /${string}`;
type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** What is told of an endpoint: its operation in the API's document, and its rows in the tables of the docs. */
export interface Operation {
  readonly at: Address;
  /** One sentence. */
  readonly summary: string;
  /** More sentences. */
  readonly details?: string;
  /** Queries that are worth a line of their own, with what each does. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Parameters in the path; each is needed. */
  readonly path?: Parameters;
  /** Parameters in the query; each may be left out. Others are refused, unless this is missing. */
  readonly query?: Parameters;
  /** What validates the body. */
  readonly body?: z.ZodType;
  /** Of the answer. Default: 200. */
  readonly status?: number;
  /** What is answered as JSON. */
  readonly answer?: z.ZodType;
  /** What the handler itself writes, by media type; a string type has text. */
  readonly media?: Readonly<Record<string, z.ZodType>>;
  /** What the handler itself writes as a stream of events: by their name, the JSON of their data. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
  /** Answers 503 with a body like that of 200. */
  readonly orNotReady?: boolean;
  /** Only looks and takes nothing: probes may send HEAD, and proxies OPTIONS. */
  readonly probed?: boolean;
  /** Codes beside those that every operation can answer. */
  readonly errors?: readonly ErrorCode[];
  readonly limits: Limits;
}

/** What is read of a request beside what its endpoint describes is Node's. */
export interface AskedRequest extends IncomingMessage {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** One endpoint: routes, the API's document and the tables of the docs are made of it. */
export interface Endpoint<
  Door,
  Access extends string,
  Req extends AskedRequest = Request,
  Res extends ServerResponse = Response,
> extends Operation {
  /** The guard that a request must pass; without one, everybody may ask. */
  readonly access?: Access;
  readonly handle: (door: Door, request: Req, response: Res) => Promise<void>;
}

type ValuesOf<Described extends Parameters> = {
  readonly [Name in keyof Described]: Described[Name] extends Parameter<infer Value> ? Value : never;
};

/** What a request asks, read as its endpoint describes it. */
interface Asked<Path extends Parameters, Query extends Parameters, Body> {
  readonly path: ValuesOf<Path>;
  readonly query: Partial<ValuesOf<Query>>;
  readonly body: Body extends z.ZodType ? z.output<Body> : undefined;
}

interface Definition<
  Door,
  Access extends string,
  Path extends Parameters,
  Query extends Parameters,
  Body extends z.ZodType | undefined,
  Answer extends z.ZodType | undefined,
  Req,
  Res,
> extends Omit<Operation, 'path' | 'query' | 'body' | 'answer'> {
  readonly access?: Access;
  readonly path?: Path;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer?: Answer;
  /** Gives the answer where one is described as JSON; else it writes by itself what is described. */
  readonly handle: (
    door: Door,
    asked: Asked<Path, Query, Body>,
    exchange: { readonly request: Req; readonly response: Res },
  ) => Handled<Answer> | Promise<Handled<Answer>>;
}

// biome-ignore lint/suspicious/noConfusingVoidType: it is what a handler returns that writes by itself.
type Handled<Answer> = Answer extends z.ZodType ? z.output<Answer> : void;

/** The function that makes endpoints of a service: of what its handlers are given, and which guards it has. */
export function endpointsOf<
  Door,
  Access extends string,
  Req extends AskedRequest = Request,
  Res extends ServerResponse = Response,
>() {
  return function endpoint<
    Path extends Parameters = Record<never, never>,
    Query extends Parameters = Record<never, never>,
    Body extends z.ZodType | undefined = undefined,
    Answer extends z.ZodType | undefined = undefined,
  >(
    definition: Definition<Door, Access, Path, Query, Body, Answer, Req, Res>,
  ): Endpoint<Door, Access, Req, Res> {
    const { handle, ...operation } = definition;
    checkPath(operation.at, operation.path);
    return {
      ...(operation as Operation & { access?: Access }),
      async handle(door, request, response) {
        const asked = readRequest(operation as Operation, request) as Asked<Path, Query, Body>;
        const answer = await handle(door, asked, { request, response });
        const { status = 200, media, events } = operation;
        if (operation.answer !== undefined) sendJson(response, status, answer);
        else if (media === undefined && events === undefined) response.writeHead(status).end();
      },
    };
  };
}

/** An address in two parts. */
export function methodAndPath({ at }: Pick<Operation, 'at'>): readonly [method: string, path: string] {
  const [method = '', path = ''] = at.split(' ');
  return [method, path];
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, answer: unknown): void {
  const body = JSON.stringify(answer);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.statusCode = status;
  response.end(body);
}

function readRequest({ path = {}, query, body }: Operation, request: AskedRequest): object {
  return {
    path: readAll(path, request.params),
    query: query === undefined ? {} : readAll(query, readQuery(request, Object.keys(query))),
    body: body === undefined ? undefined : parseBody(body, request.body),
  };
}

function readAll(described: Parameters, texts: Readonly<Record<string, unknown>>): object {
  const given = Object.entries(described).filter(([name]) => texts[name] !== undefined);
  return Object.fromEntries(given.map(([name, { read }]) => [name, read(name, String(texts[name]))]));
}

function checkPath(at: Address, path: Parameters = {}): void {
  const named = [...at.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (named.join() !== Object.keys(path).join()) throw new Error(`${at} does not describe its path`);
}
