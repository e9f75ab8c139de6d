// Original file: proto/leafcutter/v1/id_service.proto


export interface ReserveBlockRequest {
  'tag'?: (string);
  'count'?: (number);
}

export interface ReserveBlockRequest__Output {
  'tag': (string);
  'count': (number);
}
