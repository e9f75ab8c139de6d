{{/* The doors of a component: name, setting, port. Settings, ports, Service and policy come from here. Takes a list of root and component. */}}
{{- define "leafcutter.doors" -}}
{{- if eq (index . 1) "coordinator" -}}
- { name: http, variable: LEAFCUTTER_LISTEN, port: 8100 }
{{- else -}}
{{- with (index . 0).Values.agent.doors -}}
- { name: http, variable: LEAFCUTTER_LISTEN, port: {{ .http }} }
{{- with .grpc }}
- { name: grpc, variable: LEAFCUTTER_GRPC_LISTEN, port: {{ . }} }
{{- end }}
{{- with .goLeaf }}
- { name: go-leaf, variable: LEAFCUTTER_GO_LEAF_GRPC_LISTEN, port: {{ . }} }
{{- end }}
{{- with .redis }}
- { name: redis, variable: LEAFCUTTER_RESP_LISTEN, port: {{ . }} }
{{- end }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "leafcutter.containerPorts" -}}
{{- range fromYamlArray (include "leafcutter.doors" .) }}
- { name: {{ .name }}, containerPort: {{ .port }}, protocol: TCP }
{{- end }}
- { name: ops, containerPort: 8080, protocol: TCP }
{{- end }}

{{- define "leafcutter.servicePorts" -}}
{{- range fromYamlArray (include "leafcutter.doors" .) }}
- { name: {{ .name }}, port: {{ .port }}, protocol: TCP, targetPort: {{ .name }} }
{{- end }}
{{- end }}

{{/* Ports of a rule of a NetworkPolicy. */}}
{{- define "leafcutter.policyPorts" -}}
{{- range fromYamlArray (include "leafcutter.doors" .) }}
- { protocol: TCP, port: {{ .port }} }
{{- end }}
{{- end }}

{{/* Rules that both policies have. */}}
{{- define "leafcutter.prometheusIngress" -}}
# The kubelet, who asks for health, is let in by every network as it is.
- from:
    - namespaceSelector:
        matchLabels: { kubernetes.io/metadata.name: {{ .Values.monitoring.namespace | quote }} }
  ports:
    - { protocol: TCP, port: 8080 }
{{- end }}

{{- define "leafcutter.dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels: { kubernetes.io/metadata.name: kube-system }
      podSelector:
        matchLabels: { k8s-app: kube-dns }
  ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- end }}

{{/* Of agent.coordinators, separated by commas. */}}
{{- define "leafcutter.coordinatorPorts" -}}
{{- $ports := list -}}
{{- range .Values.agent.coordinators -}}
{{- $default := ternary "443" "80" (hasPrefix "https:" .) -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default $default) -}}
{{- end -}}
{{- join "," $ports -}}
{{- end }}
