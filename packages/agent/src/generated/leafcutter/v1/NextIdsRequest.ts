// Original file: proto/leafcutter/v1/id_service.proto


export interface NextIdsRequest {
  'tag'?: (string);
  'count'?: (number);
}

export interface NextIdsRequest__Output {
  'tag': (string);
  'count': (number);
}
