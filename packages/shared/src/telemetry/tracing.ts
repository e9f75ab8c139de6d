import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { toLeafcutterError } from '../errors.ts';
import { VERSION } from '../version.ts';

/**
 * Spans around the calls between agents and coordinators. Only OpenTelemetry's API is used. So nothing happens, and
 * no header is sent, until the process is started with an SDK; docs/operations.md shows how. The API is 1.9 and not
 * newer, because it takes an SDK only if the SDK's own API is at least as new, and today's SDKs come with 1.9.
 */
const tracer = trace.getTracer('leafcutter', VERSION);

/** Does `work` in a span of its own, as the side that calls. */
export function calling<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, (span) => ended(span, work));
}

/** Does `work` in a span of its own, as the called side: below the caller's span, if its headers name one. */
export function called<T>(
  headers: Readonly<Record<string, unknown>>,
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  const from = propagation.extract(context.active(), headers);
  return tracer.startActiveSpan(name, { kind: SpanKind.SERVER, attributes }, from, (span) =>
    ended(span, work),
  );
}

/** Headers that name the present span, in W3C's form; none without an SDK. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

async function ended<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { code, message } = toLeafcutterError(thrown);
    span.setAttribute('error.type', code);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    throw thrown;
  } finally {
    span.end();
  }
}
