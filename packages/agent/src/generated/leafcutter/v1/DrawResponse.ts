// Original file: proto/leafcutter/v1/id_service.proto

import type { Failure as _leafcutter_v1_Failure, Failure__Output as _leafcutter_v1_Failure__Output } from '../../leafcutter/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface DrawResponse {
  'correlation'?: (number | string | Long);
  'ids'?: (number | string | Long)[];
  'failure'?: (_leafcutter_v1_Failure | null);
  'texts'?: (string)[];
}

export interface DrawResponse__Output {
  'correlation': (string);
  'ids': (string)[];
  'failure': (_leafcutter_v1_Failure__Output | null);
  'texts': (string)[];
}
