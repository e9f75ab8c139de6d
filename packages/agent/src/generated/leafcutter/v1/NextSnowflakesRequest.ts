// Original file: proto/leafcutter/v1/id_service.proto


export interface NextSnowflakesRequest {
  'count'?: (number);
}

export interface NextSnowflakesRequest__Output {
  'count': (number);
}
