{{/* The Secret with the certificate that a component shows to its callers; empty if it speaks no TLS. Takes a list of root and component. */}}
{{- define "leafcutter.ownSecret" -}}
{{- with (index (index . 0).Values (index . 1)).tls -}}
{{- .secretName | default (ternary "" (printf "%s-%s-tls" (include "leafcutter.fullname" (index $ 0)) (index $ 1)) (empty .issuerRef)) -}}
{{- end -}}
{{- end }}

{{/*
The Secrets with certificates that a component reads: the volume, the Secret, and its files by the settings that name them.
Volumes, mounts and settings come from here. Takes a list of root and component.
*/}}
{{- define "leafcutter.certificates" -}}
{{- $values := index (index . 0).Values (index . 1) -}}
{{- $own := dict "TLS_CERT_FILE" "tls.crt" "TLS_KEY_FILE" "tls.key" -}}
{{- if $values.tls.verifyClients -}}{{- $_ := set $own "TLS_CLIENT_CA_FILE" "ca.crt" -}}{{- end -}}
{{- $all := list (dict "name" "tls" "secretName" (include "leafcutter.ownSecret" .) "files" $own) -}}
{{- range $of := list "coordinatorTls" "mysqlTls" "redisTls" -}}
{{- with get $values $of -}}
{{- $prefix := snakecase $of | upper -}}
{{- $files := dict (printf "%s_CA_FILE" $prefix) "ca.crt" -}}
{{- if .showCertificate -}}
{{- $_ := set $files (printf "%s_CERT_FILE" $prefix) "tls.crt" -}}
{{- $_ := set $files (printf "%s_KEY_FILE" $prefix) "tls.key" -}}
{{- end -}}
{{- $all = append $all (dict "name" (kebabcase $of) "secretName" .secretName "files" $files) -}}
{{- end -}}
{{- end -}}
{{- $used := list -}}
{{- range $all -}}{{- if .secretName -}}{{- $used = append $used . -}}{{- end -}}{{- end -}}
{{- toYaml $used -}}
{{- end }}

{{/* Has cert-manager make the certificate of a component, for the names that its callers ask for. Takes a list of root and component. */}}
{{- define "leafcutter.certificate" -}}
{{- $root := index . 0 -}}
{{- with (index $root.Values (index . 1)).tls -}}
{{- if .issuerRef -}}
{{- $service := printf "%s-%s" (include "leafcutter.fullname" $root) (index $ 1) -}}
{{- $there := printf "%s.%s" $service $root.Release.Namespace -}}
apiVersion: cert-manager.io/v1
kind: Certificate
{{ include "leafcutter.metadata" (list $root (index $ 1) dict dict) }}
spec:
  secretName: {{ include "leafcutter.ownSecret" $ | quote }}
  issuerRef:
    {{- toYaml .issuerRef | nindent 4 }}
  dnsNames:
    {{- concat (list $service $there (printf "%s.svc" $there)) .dnsNames | uniq | toYaml | nindent 4 }}
  usages: [digital signature, key encipherment, server auth]
{{- end -}}
{{- end -}}
{{- end }}
