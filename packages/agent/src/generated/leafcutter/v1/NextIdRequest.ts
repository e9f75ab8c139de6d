// Original file: proto/leafcutter/v1/id_service.proto


export interface NextIdRequest {
  'tag'?: (string);
}

export interface NextIdRequest__Output {
  'tag': (string);
}
