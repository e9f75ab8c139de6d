// Original file: proto/leafcutter/v1/id_service.proto


export interface NextTextsRequest {
  'tag'?: (string);
  'count'?: (number);
}

export interface NextTextsRequest__Output {
  'tag': (string);
  'count': (number);
}
