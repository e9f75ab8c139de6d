// Original file: proto/leafcutter/v1/id_service.proto


export interface NextSnowflakeRequest {
}

export interface NextSnowflakeRequest__Output {
}
