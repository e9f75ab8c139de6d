// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface DecodeSnowflakeRequest {
  'id'?: (number | string | Long);
}

export interface DecodeSnowflakeRequest__Output {
  'id': (string);
}
