// Original file: proto/leafcutter/v1/id_service.proto


export interface NextTextsResponse {
  'texts'?: (string)[];
}

export interface NextTextsResponse__Output {
  'texts': (string)[];
}
