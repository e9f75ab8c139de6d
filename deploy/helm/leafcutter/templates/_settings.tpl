{{/* The chart's own variables of a component, but for what the user gives. Takes a list of root and component. */}}
{{- define "leafcutter.env" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) -}}
{{- include (printf "leafcutter.%sEnv" (index . 1)) $root -}}
{{- range fromYamlArray (include "leafcutter.doors" .) }}
- name: {{ .variable }}
  value: {{ include "leafcutter.address" (list $root .port) | quote }}
{{- end }}
{{- /* Without TLS whatever `tls` says: kubelet and Prometheus show no certificate. */}}
- name: LEAFCUTTER_OPS_LISTEN
  value: {{ include "leafcutter.address" (list $root 8080) | quote }}
{{- range $setting, $key := $values.secretKeys }}
{{- if $key }}
- name: LEAFCUTTER_{{ snakecase $setting | upper }}_FILE
  value: /run/secrets/leafcutter/{{ $key }}
{{- end }}
{{- end }}
- name: LEAFCUTTER_DRAIN_MS
  value: {{ $values.drainMs | int | quote }}
{{- end }}

{{- define "leafcutter.coordinatorEnv" -}}
- name: LEAFCUTTER_COORDINATOR_ID
  valueFrom: { fieldRef: { apiVersion: v1, fieldPath: metadata.name } }
{{- /* A year: to end would bring no MySQL back, and would put off its start when MySQL is there again. */}}
- name: LEAFCUTTER_START_TIMEOUT_S
  value: "31536000"
{{- with .Values.coordinator.tls }}
{{- if .secretName }}
- { name: LEAFCUTTER_TLS_CERT_FILE, value: /run/secrets/leafcutter-tls/tls.crt }
- { name: LEAFCUTTER_TLS_KEY_FILE, value: /run/secrets/leafcutter-tls/tls.key }
{{- if .verifyClients }}
- { name: LEAFCUTTER_TLS_CLIENT_CA_FILE, value: /run/secrets/leafcutter-tls/ca.crt }
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "leafcutter.agentEnv" -}}
{{- /* A new pod is a new agent: its name is never another's. */ -}}
- name: LEAFCUTTER_AGENT_ID
  valueFrom: { fieldRef: { apiVersion: v1, fieldPath: metadata.uid } }
- name: LEAFCUTTER_COORDINATORS
  value: {{ include "leafcutter.coordinators" . | quote }}
{{- with .Values.agent.coordinatorTls }}
{{- if .secretName }}
- { name: LEAFCUTTER_COORDINATOR_TLS_CA_FILE, value: /run/secrets/leafcutter-tls/ca.crt }
{{- if .showCertificate }}
- { name: LEAFCUTTER_COORDINATOR_TLS_CERT_FILE, value: /run/secrets/leafcutter-tls/tls.crt }
- { name: LEAFCUTTER_COORDINATOR_TLS_KEY_FILE, value: /run/secrets/leafcutter-tls/tls.key }
{{- end }}
{{- end }}
{{- end }}
- name: LEAFCUTTER_SNOWFLAKE_ENABLED
  value: {{ .Values.agent.snowflake | quote }}
{{- end }}

{{/* Without a namespace, so that the manifests work in any. */}}
{{- define "leafcutter.coordinators" -}}
{{- $scheme := ternary "https" "http" (ne .Values.coordinator.tls.secretName "") -}}
{{- join "," .Values.agent.coordinators | default (printf "%s://%s-coordinator:8100" $scheme (include "leafcutter.fullname" .)) -}}
{{- end }}

{{/* The Secret with the certificate of a component, if there is one. */}}
{{- define "leafcutter.tlsSecret" -}}
{{- $values := index (index . 0).Values (index . 1) -}}
{{- (ternary $values.tls $values.coordinatorTls (hasKey $values "tls")).secretName -}}
{{- end }}

{{- define "leafcutter.volumes" -}}
- name: secrets
  secret: { secretName: {{ (index (index . 0).Values (index . 1)).secretName | quote }}, defaultMode: 292 }
{{- with include "leafcutter.tlsSecret" . }}
- name: tls
  secret: { secretName: {{ . | quote }}, defaultMode: 292 }
{{- end }}
{{- end }}

{{- define "leafcutter.volumeMounts" -}}
- { name: secrets, mountPath: /run/secrets/leafcutter, readOnly: true }
{{- if include "leafcutter.tlsSecret" . }}
- { name: tls, mountPath: /run/secrets/leafcutter-tls, readOnly: true }
{{- end }}
{{- end }}

{{/* The keys that a Secret must have. Takes coordinator's or agent's values. */}}
{{- define "leafcutter.keys" -}}
{{- without (values .secretKeys) "" | sortAlpha | join ", " -}}
{{- end }}
