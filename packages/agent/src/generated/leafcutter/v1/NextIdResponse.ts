// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface NextIdResponse {
  'id'?: (number | string | Long);
}

export interface NextIdResponse__Output {
  'id': (string);
}
