// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface NextIdsResponse {
  'ids'?: (number | string | Long)[];
}

export interface NextIdsResponse__Output {
  'ids': (string)[];
}
