// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface DecodeSnowflakeResponse {
  'timestamp_ms'?: (number | string | Long);
  'machine_id'?: (number);
  'sequence'?: (number);
}

export interface DecodeSnowflakeResponse__Output {
  'timestamp_ms': (string);
  'machine_id': (number);
  'sequence': (number);
}
