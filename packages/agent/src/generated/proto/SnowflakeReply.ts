// Original file: proto/go-leaf/greeter.proto

import type { Long } from '@grpc/proto-loader';

export interface SnowflakeReply {
  'Errno'?: (number);
  'Mag'?: (string);
  'Id'?: (number | string | Long);
}

export interface SnowflakeReply__Output {
  'Errno': (number);
  'Mag': (string);
  'Id': (string);
}
