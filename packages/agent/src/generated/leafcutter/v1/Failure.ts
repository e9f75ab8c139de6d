// Original file: proto/leafcutter/v1/id_service.proto


export interface Failure {
  'code'?: (string);
  'reason'?: (string);
  'message'?: (string);
  'retryable'?: (boolean);
  'retry_after_ms'?: (number);
}

export interface Failure__Output {
  'code': (string);
  'reason': (string);
  'message': (string);
  'retryable': (boolean);
  'retry_after_ms': (number);
}
