// Original file: proto/leafcutter/v1/id_service.proto

import type { Range as _leafcutter_v1_Range, Range__Output as _leafcutter_v1_Range__Output } from '../../leafcutter/v1/Range.ts';

export interface NextRangesResponse {
  'ranges'?: (_leafcutter_v1_Range)[];
}

export interface NextRangesResponse__Output {
  'ranges': (_leafcutter_v1_Range__Output)[];
}
