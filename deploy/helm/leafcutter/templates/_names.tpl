{{/* What all objects of a release are named after. A Service, whose rules are the strictest, adds a dash and its component. */}}
{{- define "leafcutter.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $name = .Release.Name -}}
{{- with .Values.nameOverride -}}{{- if not (contains . $name) -}}{{- $name = printf "%s-%s" $name . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]{0,49}[a-z0-9])?$" $name) -}}
{{- fail (printf "\n%q cannot name a Service, which takes 1 to 51 characters a-z, 0-9 and -, with a letter first and no - last: set fullnameOverride." $name) -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{/* What a pod of a component is found by; never changes. Takes a list of root and component. */}}
{{- define "leafcutter.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Values.nameOverride | default "leafcutter" | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of everything; takes a list of root and component. */}}
{{- define "leafcutter.labels" -}}
{{- $root := index . 0 -}}
{{- $own := fromYaml (include "leafcutter.selector" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- toYaml (merge $own $root.Values.commonLabels) -}}
{{- end }}

{{/* Takes a list of root, component, annotations and labels, both besides those of everything. */}}
{{- define "leafcutter.metadata" -}}
{{- $root := index . 0 -}}
metadata:
  name: {{ include "leafcutter.fullname" $root }}-{{ index . 1 }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels:
    {{- toYaml (merge (fromYaml (include "leafcutter.labels" .)) (index . 3)) | nindent 4 }}
  {{- with merge (dict) (index . 2) $root.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "leafcutter.serviceAccount" -}}
{{- $account := (index (index . 0).Values (index . 1)).serviceAccount -}}
{{- if $account.name -}}
{{- $account.name -}}
{{- else if $account.create -}}
{{- include "leafcutter.fullname" (index . 0) }}-{{ index . 1 }}
{{- else -}}
default
{{- end -}}
{{- end }}

{{- define "leafcutter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end }}
