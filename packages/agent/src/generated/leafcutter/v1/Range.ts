// Original file: proto/leafcutter/v1/id_service.proto

import type { Long } from '@grpc/proto-loader';

export interface Range {
  'start'?: (number | string | Long);
  'end'?: (number | string | Long);
}

export interface Range__Output {
  'start': (string);
  'end': (string);
}
