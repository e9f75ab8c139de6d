// Original file: proto/go-leaf/greeter.proto


export interface SegmentRequest {
  'biz_tag'?: (string);
}

export interface SegmentRequest__Output {
  'biz_tag': (string);
}
