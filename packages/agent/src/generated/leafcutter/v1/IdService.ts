// Original file: proto/leafcutter/v1/id_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DecodeSnowflakeRequest as _leafcutter_v1_DecodeSnowflakeRequest, DecodeSnowflakeRequest__Output as _leafcutter_v1_DecodeSnowflakeRequest__Output } from '../../leafcutter/v1/DecodeSnowflakeRequest.ts';
import type { DecodeSnowflakeResponse as _leafcutter_v1_DecodeSnowflakeResponse, DecodeSnowflakeResponse__Output as _leafcutter_v1_DecodeSnowflakeResponse__Output } from '../../leafcutter/v1/DecodeSnowflakeResponse.ts';
import type { DrawRequest as _leafcutter_v1_DrawRequest, DrawRequest__Output as _leafcutter_v1_DrawRequest__Output } from '../../leafcutter/v1/DrawRequest.ts';
import type { DrawResponse as _leafcutter_v1_DrawResponse, DrawResponse__Output as _leafcutter_v1_DrawResponse__Output } from '../../leafcutter/v1/DrawResponse.ts';
import type { NextIdRequest as _leafcutter_v1_NextIdRequest, NextIdRequest__Output as _leafcutter_v1_NextIdRequest__Output } from '../../leafcutter/v1/NextIdRequest.ts';
import type { NextIdResponse as _leafcutter_v1_NextIdResponse, NextIdResponse__Output as _leafcutter_v1_NextIdResponse__Output } from '../../leafcutter/v1/NextIdResponse.ts';
import type { NextIdsRequest as _leafcutter_v1_NextIdsRequest, NextIdsRequest__Output as _leafcutter_v1_NextIdsRequest__Output } from '../../leafcutter/v1/NextIdsRequest.ts';
import type { NextIdsResponse as _leafcutter_v1_NextIdsResponse, NextIdsResponse__Output as _leafcutter_v1_NextIdsResponse__Output } from '../../leafcutter/v1/NextIdsResponse.ts';
import type { NextRangesRequest as _leafcutter_v1_NextRangesRequest, NextRangesRequest__Output as _leafcutter_v1_NextRangesRequest__Output } from '../../leafcutter/v1/NextRangesRequest.ts';
import type { NextRangesResponse as _leafcutter_v1_NextRangesResponse, NextRangesResponse__Output as _leafcutter_v1_NextRangesResponse__Output } from '../../leafcutter/v1/NextRangesResponse.ts';
import type { NextSnowflakeRequest as _leafcutter_v1_NextSnowflakeRequest, NextSnowflakeRequest__Output as _leafcutter_v1_NextSnowflakeRequest__Output } from '../../leafcutter/v1/NextSnowflakeRequest.ts';
import type { NextSnowflakeResponse as _leafcutter_v1_NextSnowflakeResponse, NextSnowflakeResponse__Output as _leafcutter_v1_NextSnowflakeResponse__Output } from '../../leafcutter/v1/NextSnowflakeResponse.ts';
import type { NextSnowflakesRequest as _leafcutter_v1_NextSnowflakesRequest, NextSnowflakesRequest__Output as _leafcutter_v1_NextSnowflakesRequest__Output } from '../../leafcutter/v1/NextSnowflakesRequest.ts';
import type { NextSnowflakesResponse as _leafcutter_v1_NextSnowflakesResponse, NextSnowflakesResponse__Output as _leafcutter_v1_NextSnowflakesResponse__Output } from '../../leafcutter/v1/NextSnowflakesResponse.ts';
import type { NextTextsRequest as _leafcutter_v1_NextTextsRequest, NextTextsRequest__Output as _leafcutter_v1_NextTextsRequest__Output } from '../../leafcutter/v1/NextTextsRequest.ts';
import type { NextTextsResponse as _leafcutter_v1_NextTextsResponse, NextTextsResponse__Output as _leafcutter_v1_NextTextsResponse__Output } from '../../leafcutter/v1/NextTextsResponse.ts';
import type { ReserveBlockRequest as _leafcutter_v1_ReserveBlockRequest, ReserveBlockRequest__Output as _leafcutter_v1_ReserveBlockRequest__Output } from '../../leafcutter/v1/ReserveBlockRequest.ts';
import type { ReserveBlockResponse as _leafcutter_v1_ReserveBlockResponse, ReserveBlockResponse__Output as _leafcutter_v1_ReserveBlockResponse__Output } from '../../leafcutter/v1/ReserveBlockResponse.ts';

export interface IdServiceClient extends grpc.Client {
  DecodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  DecodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  DecodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  DecodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  decodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  decodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  decodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  decodeSnowflake(argument: _leafcutter_v1_DecodeSnowflakeRequest, callback: grpc.requestCallback<_leafcutter_v1_DecodeSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  
  Draw(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_leafcutter_v1_DrawRequest, _leafcutter_v1_DrawResponse__Output>;
  Draw(options?: grpc.CallOptions): grpc.ClientDuplexStream<_leafcutter_v1_DrawRequest, _leafcutter_v1_DrawResponse__Output>;
  draw(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_leafcutter_v1_DrawRequest, _leafcutter_v1_DrawResponse__Output>;
  draw(options?: grpc.CallOptions): grpc.ClientDuplexStream<_leafcutter_v1_DrawRequest, _leafcutter_v1_DrawResponse__Output>;
  
  NextId(argument: _leafcutter_v1_NextIdRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  NextId(argument: _leafcutter_v1_NextIdRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  NextId(argument: _leafcutter_v1_NextIdRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  NextId(argument: _leafcutter_v1_NextIdRequest, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  nextId(argument: _leafcutter_v1_NextIdRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  nextId(argument: _leafcutter_v1_NextIdRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  nextId(argument: _leafcutter_v1_NextIdRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  nextId(argument: _leafcutter_v1_NextIdRequest, callback: grpc.requestCallback<_leafcutter_v1_NextIdResponse__Output>): grpc.ClientUnaryCall;
  
  NextIds(argument: _leafcutter_v1_NextIdsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  NextIds(argument: _leafcutter_v1_NextIdsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  NextIds(argument: _leafcutter_v1_NextIdsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  NextIds(argument: _leafcutter_v1_NextIdsRequest, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  nextIds(argument: _leafcutter_v1_NextIdsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  nextIds(argument: _leafcutter_v1_NextIdsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  nextIds(argument: _leafcutter_v1_NextIdsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  nextIds(argument: _leafcutter_v1_NextIdsRequest, callback: grpc.requestCallback<_leafcutter_v1_NextIdsResponse__Output>): grpc.ClientUnaryCall;
  
  NextRanges(argument: _leafcutter_v1_NextRangesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  NextRanges(argument: _leafcutter_v1_NextRangesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  NextRanges(argument: _leafcutter_v1_NextRangesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  NextRanges(argument: _leafcutter_v1_NextRangesRequest, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  nextRanges(argument: _leafcutter_v1_NextRangesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  nextRanges(argument: _leafcutter_v1_NextRangesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  nextRanges(argument: _leafcutter_v1_NextRangesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  nextRanges(argument: _leafcutter_v1_NextRangesRequest, callback: grpc.requestCallback<_leafcutter_v1_NextRangesResponse__Output>): grpc.ClientUnaryCall;
  
  NextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  NextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  NextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  NextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflake(argument: _leafcutter_v1_NextSnowflakeRequest, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakeResponse__Output>): grpc.ClientUnaryCall;
  
  NextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  NextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  NextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  NextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  nextSnowflakes(argument: _leafcutter_v1_NextSnowflakesRequest, callback: grpc.requestCallback<_leafcutter_v1_NextSnowflakesResponse__Output>): grpc.ClientUnaryCall;
  
  NextTexts(argument: _leafcutter_v1_NextTextsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  NextTexts(argument: _leafcutter_v1_NextTextsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  NextTexts(argument: _leafcutter_v1_NextTextsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  NextTexts(argument: _leafcutter_v1_NextTextsRequest, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  nextTexts(argument: _leafcutter_v1_NextTextsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  nextTexts(argument: _leafcutter_v1_NextTextsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  nextTexts(argument: _leafcutter_v1_NextTextsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  nextTexts(argument: _leafcutter_v1_NextTextsRequest, callback: grpc.requestCallback<_leafcutter_v1_NextTextsResponse__Output>): grpc.ClientUnaryCall;
  
  ReserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  ReserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  ReserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  ReserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  reserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  reserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  reserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  reserveBlock(argument: _leafcutter_v1_ReserveBlockRequest, callback: grpc.requestCallback<_leafcutter_v1_ReserveBlockResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface IdServiceHandlers extends grpc.UntypedServiceImplementation {
  DecodeSnowflake: grpc.handleUnaryCall<_leafcutter_v1_DecodeSnowflakeRequest__Output, _leafcutter_v1_DecodeSnowflakeResponse>;
  
  Draw: grpc.handleBidiStreamingCall<_leafcutter_v1_DrawRequest__Output, _leafcutter_v1_DrawResponse>;
  
  NextId: grpc.handleUnaryCall<_leafcutter_v1_NextIdRequest__Output, _leafcutter_v1_NextIdResponse>;
  
  NextIds: grpc.handleUnaryCall<_leafcutter_v1_NextIdsRequest__Output, _leafcutter_v1_NextIdsResponse>;
  
  NextRanges: grpc.handleUnaryCall<_leafcutter_v1_NextRangesRequest__Output, _leafcutter_v1_NextRangesResponse>;
  
  NextSnowflake: grpc.handleUnaryCall<_leafcutter_v1_NextSnowflakeRequest__Output, _leafcutter_v1_NextSnowflakeResponse>;
  
  NextSnowflakes: grpc.handleUnaryCall<_leafcutter_v1_NextSnowflakesRequest__Output, _leafcutter_v1_NextSnowflakesResponse>;
  
  NextTexts: grpc.handleUnaryCall<_leafcutter_v1_NextTextsRequest__Output, _leafcutter_v1_NextTextsResponse>;
  
  ReserveBlock: grpc.handleUnaryCall<_leafcutter_v1_ReserveBlockRequest__Output, _leafcutter_v1_ReserveBlockResponse>;
  
}

export interface IdServiceDefinition extends grpc.ServiceDefinition {
  DecodeSnowflake: MethodDefinition<_leafcutter_v1_DecodeSnowflakeRequest, _leafcutter_v1_DecodeSnowflakeResponse, _leafcutter_v1_DecodeSnowflakeRequest__Output, _leafcutter_v1_DecodeSnowflakeResponse__Output>
  Draw: MethodDefinition<_leafcutter_v1_DrawRequest, _leafcutter_v1_DrawResponse, _leafcutter_v1_DrawRequest__Output, _leafcutter_v1_DrawResponse__Output>
  NextId: MethodDefinition<_leafcutter_v1_NextIdRequest, _leafcutter_v1_NextIdResponse, _leafcutter_v1_NextIdRequest__Output, _leafcutter_v1_NextIdResponse__Output>
  NextIds: MethodDefinition<_leafcutter_v1_NextIdsRequest, _leafcutter_v1_NextIdsResponse, _leafcutter_v1_NextIdsRequest__Output, _leafcutter_v1_NextIdsResponse__Output>
  NextRanges: MethodDefinition<_leafcutter_v1_NextRangesRequest, _leafcutter_v1_NextRangesResponse, _leafcutter_v1_NextRangesRequest__Output, _leafcutter_v1_NextRangesResponse__Output>
  NextSnowflake: MethodDefinition<_leafcutter_v1_NextSnowflakeRequest, _leafcutter_v1_NextSnowflakeResponse, _leafcutter_v1_NextSnowflakeRequest__Output, _leafcutter_v1_NextSnowflakeResponse__Output>
  NextSnowflakes: MethodDefinition<_leafcutter_v1_NextSnowflakesRequest, _leafcutter_v1_NextSnowflakesResponse, _leafcutter_v1_NextSnowflakesRequest__Output, _leafcutter_v1_NextSnowflakesResponse__Output>
  NextTexts: MethodDefinition<_leafcutter_v1_NextTextsRequest, _leafcutter_v1_NextTextsResponse, _leafcutter_v1_NextTextsRequest__Output, _leafcutter_v1_NextTextsResponse__Output>
  ReserveBlock: MethodDefinition<_leafcutter_v1_ReserveBlockRequest, _leafcutter_v1_ReserveBlockResponse, _leafcutter_v1_ReserveBlockRequest__Output, _leafcutter_v1_ReserveBlockResponse__Output>
}
