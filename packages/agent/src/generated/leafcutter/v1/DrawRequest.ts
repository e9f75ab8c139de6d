// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface DrawRequest {
  'correlation'?: (number | string | Long);
  'tag'?: (string);
  'count'?: (number);
  'snowflake'?: (boolean);
  'text'?: (boolean);
}

export interface DrawRequest__Output {
  'correlation': (string);
  'tag': (string);
  'count': (number);
  'snowflake': (boolean);
  'text': (boolean);
}
