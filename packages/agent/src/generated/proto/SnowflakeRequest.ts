// Original file: proto/go-leaf/greeter.proto


export interface SnowflakeRequest {
  'machineId'?: (number);
}

export interface SnowflakeRequest__Output {
  'machineId': (number);
}
