// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface NextSnowflakeResponse {
  'id'?: (number | string | Long);
}

export interface NextSnowflakeResponse__Output {
  'id': (string);
}
