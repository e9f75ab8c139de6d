// Original file: proto/go-leaf/greeter.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { SegmentReply as _proto_SegmentReply, SegmentReply__Output as _proto_SegmentReply__Output } from '../proto/SegmentReply.ts';
import type { SegmentRequest as _proto_SegmentRequest, SegmentRequest__Output as _proto_SegmentRequest__Output } from '../proto/SegmentRequest.ts';
import type { SnowflakeReply as _proto_SnowflakeReply, SnowflakeReply__Output as _proto_SnowflakeReply__Output } from '../proto/SnowflakeReply.ts';
import type { SnowflakeRequest as _proto_SnowflakeRequest, SnowflakeRequest__Output as _proto_SnowflakeRequest__Output } from '../proto/SnowflakeRequest.ts';

export interface GreeterClient extends grpc.Client {
  Segment(argument: _proto_SegmentRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  Segment(argument: _proto_SegmentRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  Segment(argument: _proto_SegmentRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  Segment(argument: _proto_SegmentRequest, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  segment(argument: _proto_SegmentRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  segment(argument: _proto_SegmentRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  segment(argument: _proto_SegmentRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  segment(argument: _proto_SegmentRequest, callback: grpc.requestCallback<_proto_SegmentReply__Output>): grpc.ClientUnaryCall;
  
  Snowflake(argument: _proto_SnowflakeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  Snowflake(argument: _proto_SnowflakeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  Snowflake(argument: _proto_SnowflakeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  Snowflake(argument: _proto_SnowflakeRequest, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  snowflake(argument: _proto_SnowflakeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  snowflake(argument: _proto_SnowflakeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  snowflake(argument: _proto_SnowflakeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  snowflake(argument: _proto_SnowflakeRequest, callback: grpc.requestCallback<_proto_SnowflakeReply__Output>): grpc.ClientUnaryCall;
  
}

export interface GreeterHandlers extends grpc.UntypedServiceImplementation {
  Segment: grpc.handleUnaryCall<_proto_SegmentRequest__Output, _proto_SegmentReply>;
  
  Snowflake: grpc.handleUnaryCall<_proto_SnowflakeRequest__Output, _proto_SnowflakeReply>;
  
}

export interface GreeterDefinition extends grpc.ServiceDefinition {
  Segment: MethodDefinition<_proto_SegmentRequest, _proto_SegmentReply, _proto_SegmentRequest__Output, _proto_SegmentReply__Output>
  Snowflake: MethodDefinition<_proto_SnowflakeRequest, _proto_SnowflakeReply, _proto_SnowflakeRequest__Output, _proto_SnowflakeReply__Output>
}
