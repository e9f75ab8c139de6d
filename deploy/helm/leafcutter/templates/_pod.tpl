{{/* The pods of every workload. Takes a list of root, component and workload (deployment or daemonset). */}}
{{- define "leafcutter.pod" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $workload := index . 2 -}}
{{- $values := index $root.Values $component -}}
{{- include "leafcutter.check" . -}}
metadata:
  labels:
    {{- toYaml (merge (fromYaml (include "leafcutter.podLabels" .)) (fromYaml (include "leafcutter.labels" .)) $values.podLabels) | nindent 4 }}
  {{- with include "leafcutter.podAnnotations" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "leafcutter.serviceAccount" . | quote }}
  automountServiceAccountToken: false
  # A Service named leafcutter would otherwise inject variables that look like settings.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "leafcutter.grace" $values }}
  {{- with include "leafcutter.given" (list $root.Values (list "imagePullSecrets")) }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $root.Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "leafcutter.given" (list $values (list "priorityClassName" "runtimeClassName" "schedulerName" "nodeSelector" "hostAliases" "dnsPolicy" "dnsConfig")) }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with concat $values.tolerations (ternary $root.Values.agent.daemonsetTolerations list (eq $workload "daemonset")) }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if eq $workload "deployment" }}
  topologySpreadConstraints:
    {{- with $values.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- include "leafcutter.spread" . | trim | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- if $values.affinity }}
  affinity:
    {{- toYaml $values.affinity | nindent 4 }}
  {{- else if eq $workload "deployment" }}
  affinity:
    {{- include "leafcutter.antiAffinity" . | nindent 4 }}
  {{- end }}
  volumes:
    {{- include "leafcutter.merged" (list (include "leafcutter.volumes" .) $values.extraVolumes "name") | nindent 4 }}
  {{- with $values.extraInitContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    {{- include "leafcutter.container" . | nindent 4 }}
    {{- with $values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "leafcutter.container" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index $root.Values $component -}}
- name: {{ $component }}
  image: {{ include "leafcutter.image" $root | quote }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  args: {{ concat (list $component) $values.extraArgs | toJson }}
  env:
    {{- include "leafcutter.merged" (list (include "leafcutter.env" .) $values.extraEnv "name") | nindent 4 }}
  {{- with $values.extraEnvFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    {{- $ports := include "leafcutter.merged" (list (include "leafcutter.containerPorts" .) $values.extraPorts "name") }}
    {{- include "leafcutter.merged" (list $ports list "containerPort") | nindent 4 }}
  {{- include "leafcutter.given" (list $values (list "startupProbe" "readinessProbe" "livenessProbe")) | nindent 2 }}
  lifecycle:
    preStop: { sleep: { seconds: {{ $values.preStopSeconds }} } }
  resources:
    {{- toYaml $values.resources | nindent 4 }}
  {{- with $root.Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    {{- include "leafcutter.merged" (list (include "leafcutter.volumeMounts" .) $values.extraVolumeMounts "mountPath") | nindent 4 }}
{{- end }}

{{/* What a pod has besides the labels of everything: an agent's workload, so that the one's budget does not count the other's pods. */}}
{{- define "leafcutter.podLabels" -}}
{{- if eq (index . 1) "agent" -}}
leafcutter/agent: "true"
leafcutter/workload: {{ index . 2 }}
{{- end -}}
{{- end }}

{{/* What Deployment, DaemonSet and budget select by. */}}
{{- define "leafcutter.workloadSelector" -}}
{{- include "leafcutter.selector" . }}
{{- if eq (index . 1) "agent" }}
leafcutter/workload: {{ index . 2 }}
{{- end }}
{{- end }}

{{/* Opaque keys, URLs and certificates of stores are read at start only: another version of a Secret with such makes new pods with the next upgrade. */}}
{{- define "leafcutter.podAnnotations" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) -}}
{{- $own := dict -}}
{{- $versions := list -}}
{{- range list $values.secretName (dig "mysqlTls" "secretName" "" $values) (dig "redisTls" "secretName" "" $values) | compact -}}
{{- with (lookup "v1" "Secret" $root.Release.Namespace .).metadata -}}{{- $versions = append $versions .resourceVersion -}}{{- end -}}
{{- end -}}
{{- with $versions -}}{{- $_ := set $own "leafcutter/secret-version" (join "-" .) -}}{{- end -}}
{{- with $values.restartedAt -}}{{- $_ := set $own "leafcutter/restarted-at" . -}}{{- end -}}
{{- with merge $own $values.podAnnotations $root.Values.commonAnnotations -}}{{- toYaml . -}}{{- end -}}
{{- end }}

{{/* Keeps pods of a component apart, if there is room. */}}
{{- define "leafcutter.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels:
      {{- include "leafcutter.workloadSelector" $ | nindent 6 }}
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
            {{- include "leafcutter.workloadSelector" . | nindent 12 }}
{{- end }}

{{- define "leafcutter.budget" -}}
{{- $budget := (index (index . 0).Values (index . 1)).podDisruptionBudget -}}
{{- if $budget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "leafcutter.metadata" (list (index . 0) (index . 1) dict dict) }}
spec:
  maxUnavailable: {{ $budget.maxUnavailable }}
  # A pod that waits for its stores serves nobody: it must not hold up the drain of its node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "leafcutter.workloadSelector" . | nindent 6 }}
{{- end -}}
{{- end }}

{{- define "leafcutter.account" -}}
{{- $account := (index (index . 0).Values (index . 1)).serviceAccount -}}
{{- if $account.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "leafcutter.serviceAccount" . | quote }}
  {{- $own := fromYaml (include "leafcutter.metadata" (list (index . 0) (index . 1) $account.annotations dict)) }}
  {{- toYaml (omit $own.metadata "name") | nindent 2 }}
automountServiceAccountToken: false
{{- end -}}
{{- end }}
