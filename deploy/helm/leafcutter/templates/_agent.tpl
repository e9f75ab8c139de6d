{{/* The pods of both Deployment and DaemonSet. */}}
{{- define "leafcutter.agentPod" -}}
{{- $values := .Values.agent -}}
metadata:
  labels:
    {{- include "leafcutter.labels" (list . "agent") | nindent 4 }}
    leafcutter/agent: "true"
  {{- with $values.podAnnotations }}
  annotations: {{ toJson . }}
  {{- end }}
spec:
  {{- include "leafcutter.podSpec" (list . "agent") | nindent 2 }}
  {{- if eq $values.mode "deployment" }}
  topologySpreadConstraints:
    {{- include "leafcutter.spread" (list . "agent") | trim | nindent 4 }}
  affinity:
    {{- include "leafcutter.antiAffinity" (list . "agent") | nindent 4 }}
  {{- end }}
  containers:
    - name: agent
      image: {{ include "leafcutter.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [agent]
      env:
        # A new pod is a new agent: its name is never another's.
        - name: LEAFCUTTER_AGENT_ID
          valueFrom: { fieldRef: { fieldPath: metadata.uid } }
        - name: LEAFCUTTER_LISTEN
          value: "{{ .Values.listenHost }}:8000"
        - name: LEAFCUTTER_OPS_LISTEN
          value: "{{ .Values.listenHost }}:8080"
        - name: LEAFCUTTER_COORDINATORS
          value: {{ join "," $values.coordinators | default (printf "http://%s-coordinator.%s.svc:8100" .Release.Name .Release.Namespace) | quote }}
        - name: LEAFCUTTER_COORDINATOR_TOKEN_FILE
          value: /run/secrets/leafcutter/coordinator-token
        - name: LEAFCUTTER_TOKENS_FILE
          value: /run/secrets/leafcutter/application-tokens
        - name: LEAFCUTTER_SNOWFLAKE_ENABLED
          value: {{ $values.snowflake | quote }}
        - name: LEAFCUTTER_DRAIN_MS
          value: {{ $values.drainMs | int | quote }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - { name: http, containerPort: 8000 }
        - { name: ops, containerPort: 8080 }
      # It waits for its coordinators by itself, so only a process that does not come up at all is started again.
      startupProbe:
        httpGet: { path: /livez, port: ops }
        periodSeconds: 2
        failureThreshold: 30
      readinessProbe:
        httpGet: { path: /readyz, port: ops }
        periodSeconds: 5
        timeoutSeconds: 2
        failureThreshold: 2
      livenessProbe:
        httpGet: { path: /livez, port: ops }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      lifecycle:
        preStop: { sleep: { seconds: {{ $values.preStopSeconds }} } }
      resources: {{ toJson $values.resources }}
      securityContext:
        {{- include "leafcutter.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - { name: secrets, mountPath: /run/secrets/leafcutter, readOnly: true }
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}
