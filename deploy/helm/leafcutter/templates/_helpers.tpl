{{/* Labels of everything; takes a list of root and component. */}}
{{- define "leafcutter.labels" -}}
{{- $root := index . 0 -}}
{{ include "leafcutter.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
{{- end }}

{{/* What a pod of a component is found by; never changes. Takes a list of root and component. */}}
{{- define "leafcutter.selector" -}}
app.kubernetes.io/name: leafcutter
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "leafcutter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end }}

{{/* Of a pod: the profile `restricted` of the Pod Security Standards. */}}
{{- define "leafcutter.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "leafcutter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Seconds until a pod is killed: preStop, drain, and a margin. Takes coordinator's or agent's values. */}}
{{- define "leafcutter.grace" -}}
{{ add .preStopSeconds .terminationMarginSeconds (ceil (divf .drainMs 1000)) }}
{{- end }}

{{/* Of a pod, but for its containers. Takes a list of root and component. */}}
{{- define "leafcutter.podSpec" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) -}}
serviceAccountName: {{ $root.Release.Name }}-{{ index . 1 }}
automountServiceAccountToken: false
# A Service named leafcutter would otherwise inject variables that look like settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "leafcutter.grace" $values }}
securityContext:
  {{- include "leafcutter.podSecurity" . | nindent 2 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
volumes:
  - name: secrets
    secret: { secretName: {{ $values.secretName }}, defaultMode: 292 } # 0444, which YAML 1.1 and 1.2 read differently.
{{- with $values.extraVolumes }}
{{ toYaml . | indent 2 }}
{{- end }}
{{- end }}

{{/* Keeps pods of a component apart, where there is room. Takes a list of root and component. */}}
{{- define "leafcutter.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels:
      {{- include "leafcutter.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{- define "leafcutter.antiAffinity" -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "leafcutter.selector" . | nindent 12 }}
{{- end }}

{{/* NetworkPolicy peers of the cluster's DNS. */}}
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
