{{/* The chart's own variables of a component, but for what the user gives. Takes a list of root and component. */}}
{{- define "leafcutter.env" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) -}}
{{- include (printf "leafcutter.%sEnv" (index . 1)) $root -}}
{{- range fromYamlArray (include "leafcutter.doors" .) }}
- name: {{ .variable }}
  value: {{ include "leafcutter.address" (list $root .port) | quote }}
{{- end }}
{{- /* Never speaks TLS: kubelet and Prometheus show no certificate. */}}
- name: LEAFCUTTER_OPS_LISTEN
  value: {{ include "leafcutter.address" (list $root 8080) | quote }}
{{- range $setting, $key := $values.secretKeys }}
{{- if $key }}
- name: LEAFCUTTER_{{ snakecase $setting | upper }}_FILE
  value: /run/secrets/leafcutter/{{ $key }}
{{- end }}
{{- end }}
{{- range $from := fromYamlArray (include "leafcutter.certificates" .) }}
{{- range $setting, $file := $from.files }}
- name: LEAFCUTTER_{{ $setting }}
  value: /run/secrets/leafcutter-{{ $from.name }}/{{ $file }}
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
{{- if .Values.coordinator.mysqlTls.secretName }}
- name: LEAFCUTTER_MYSQL_TLS_ENABLED
  value: "true"
{{- end }}
{{- end }}

{{- define "leafcutter.agentEnv" -}}
{{- /* A new pod is a new agent: its name is never another's. */ -}}
- name: LEAFCUTTER_AGENT_ID
  valueFrom: { fieldRef: { apiVersion: v1, fieldPath: metadata.uid } }
- name: LEAFCUTTER_COORDINATORS
  value: {{ include "leafcutter.coordinators" . | quote }}
- name: LEAFCUTTER_SNOWFLAKE_ENABLED
  value: {{ .Values.agent.snowflake | quote }}
{{- end }}

{{/* Without a namespace, so that the manifests work in any. */}}
{{- define "leafcutter.coordinators" -}}
{{- $scheme := ternary "https" "http" (ne (include "leafcutter.ownSecret" (list . "coordinator")) "") -}}
{{- join "," .Values.agent.coordinators | default (printf "%s://%s-coordinator:8100" $scheme (include "leafcutter.fullname" .)) -}}
{{- end }}

{{- define "leafcutter.volumes" -}}
- name: secrets
  secret: { secretName: {{ (index (index . 0).Values (index . 1)).secretName | quote }}, defaultMode: 292 }
{{- range fromYamlArray (include "leafcutter.certificates" .) }}
- name: {{ .name }}
  secret:
    secretName: {{ .secretName | quote }}
    defaultMode: 292
    {{- /* No more than what is read: agents are none of the coordinators' business that have their key in the Secret. */}}
    items:
      {{- range .files | values | sortAlpha }}
      - { key: {{ . }}, path: {{ . }} }
      {{- end }}
{{- end }}
{{- end }}

{{- define "leafcutter.volumeMounts" -}}
- { name: secrets, mountPath: /run/secrets/leafcutter, readOnly: true }
{{- range fromYamlArray (include "leafcutter.certificates" .) }}
- { name: {{ .name }}, mountPath: /run/secrets/leafcutter-{{ .name }}, readOnly: true }
{{- end }}
{{- end }}

{{/* The keys that a Secret must have. Takes coordinator's or agent's values. */}}
{{- define "leafcutter.keys" -}}
{{- without (values .secretKeys) "" | sortAlpha | join ", " -}}
{{- end }}
