// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface NextSnowflakesResponse {
  'ids'?: (number | string | Long)[];
}

export interface NextSnowflakesResponse__Output {
  'ids': (string)[];
}
