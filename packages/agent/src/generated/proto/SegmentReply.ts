// Original file: proto/go-leaf/greeter.proto

import type { Long } from '@grpc/proto-loader';

export interface SegmentReply {
  'Errno'?: (number);
  'Mag'?: (string);
  'Id'?: (number | string | Long);
}

export interface SegmentReply__Output {
  'Errno': (number);
  'Mag': (string);
  'Id': (string);
}
