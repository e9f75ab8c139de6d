// Original file: proto/leafcutter/v1/id_service.proto


export interface NextRangesRequest {
  'tag'?: (string);
  'count'?: (number);
}

export interface NextRangesRequest__Output {
  'tag': (string);
  'count': (number);
}
