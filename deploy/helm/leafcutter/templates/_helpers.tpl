{{/*
A list of the chart's (as YAML) and one of the user's, by a key: each key is there once, and the user's counts. Duplicates
would be lost on upgrade, and refused by server-side apply. Takes a list of both and the key.
*/}}
{{- define "leafcutter.merged" -}}
{{- $key := index . 2 -}}
{{- $by := dict -}}
{{- $order := list -}}
{{- range concat (fromYamlArray (index . 0)) (index . 1) -}}
{{- $id := get . $key | toString -}}
{{- if not (hasKey $by $id) -}}{{- $order = append $order $id -}}{{- end -}}
{{- $_ := set $by $id . -}}
{{- end -}}
{{- $merged := list -}}
{{- range $order -}}{{- $merged = append $merged (get $by .) -}}{{- end -}}
{{- toYaml $merged -}}
{{- end }}

{{/* Of a dict, those of the named fields that say something. Takes a list of the dict and the names. */}}
{{- define "leafcutter.given" -}}
{{- $given := dict -}}
{{- $from := index . 0 -}}
{{- range $key := index . 1 -}}{{- with get $from $key -}}{{- $_ := set $given $key . -}}{{- end -}}{{- end -}}
{{- with $given -}}{{- toYaml . -}}{{- end -}}
{{- end }}

{{/* Where a service listens; takes a list of root and port. */}}
{{- define "leafcutter.address" -}}
{{- $host := (index . 0).Values.listenHost -}}
{{- if contains ":" $host -}}{{- $host = printf "[%s]" (trimAll "[]" $host) -}}{{- end -}}
{{- printf "%s:%v" $host (index . 1) -}}
{{- end }}

{{/* Seconds until a pod is killed: preStop, drain, and a margin. Takes coordinator's or agent's values. */}}
{{- define "leafcutter.grace" -}}
{{ add .preStopSeconds .terminationMarginSeconds (ceil (divf .drainMs 1000)) }}
{{- end }}

{{/* A quantity as a number, to compare it by. */}}
{{- define "leafcutter.quantity" -}}
{{- $text := toString . -}}
{{- $factors := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 0x1p10 "Mi" 0x1p20 "Gi" 0x1p30 "Ti" 0x1p40 "Pi" 0x1p50 "Ei" 0x1p60 -}}
{{- mulf (regexFind "^[0-9.]+" $text | float64) (get $factors (regexFind "[A-Za-z]*$" $text)) -}}
{{- end }}

{{/* Refuses what neither the schema sees nor the server would take. Takes a list of root and component. */}}
{{- define "leafcutter.check" -}}
{{- $component := index . 1 -}}
{{- $values := index (index . 0).Values $component -}}
{{- range $what, $limit := $values.resources.limits -}}
{{- with get ($values.resources.requests | default dict) $what -}}
{{- if lt (include "leafcutter.quantity" $limit | float64) (include "leafcutter.quantity" . | float64) -}}
{{- fail (printf "\n%s.resources: the limit of %s, %v, is below its request, %v." $component $what $limit .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $ports := dict "8080" "ops" -}}
{{- range fromYamlArray (include "leafcutter.doors" .) -}}
{{- $port := toString .port -}}
{{- if hasKey $ports $port -}}{{- fail (printf "\n%s: %s and %s both want port %s." $component (get $ports $port) .name $port) -}}{{- end -}}
{{- $_ := set $ports $port .name -}}
{{- end -}}
{{- if and $values.tls.verifyClients (not (include "leafcutter.ownSecret" .)) -}}
{{- fail (printf "\n%s.tls: verifyClients needs a certificate: set secretName or issuerRef." $component) -}}
{{- end -}}
{{- if and (eq $values.dnsPolicy "None") (not $values.dnsConfig.nameservers) -}}
{{- fail (printf "\n%s.dnsPolicy: None needs dnsConfig.nameservers." $component) -}}
{{- end -}}
{{- range concat $values.extraContainers $values.extraInitContainers -}}
{{- if eq .name $component -}}{{- fail (printf "\n%s: an extra container has the name of the chart's own." $component) -}}{{- end -}}
{{- end -}}
{{- end }}

{{/* Says something if there is a pod for `helm test`. */}}
{{- define "leafcutter.hasTest" -}}
{{- if and (ne .Values.agent.mode "none") (or .Values.test.tag .Values.agent.snowflake) (or .Values.test.tlsSecretName (not .Values.agent.tls.verifyClients)) -}}
yes
{{- end -}}
{{- end }}
