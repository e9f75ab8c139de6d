/** Header fields of every answer: an ID must not be cached, and nobody should guess what a body is. */
export const COMMON_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;
