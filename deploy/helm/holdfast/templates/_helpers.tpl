{{- define "holdfast.name" -}}
{{- if contains "holdfast" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-holdfast" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "holdfast.selector" -}}
app.kubernetes.io/name: holdfast
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "holdfast.labels" -}}
{{ include "holdfast.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "holdfast.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- /* What every pod has in common: no rights, no writable root. */}}
{{- define "holdfast.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "holdfast.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* A pod starts anew when its settings change. */}}
{{- define "holdfast.settingsSum" -}}
{{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
{{- end }}

{{- define "holdfast.graceSeconds" -}}
{{- /* Below it, Kubernetes would kill a node that is still finishing requests. */ -}}
{{- if lt (int .Values.shutdownSeconds) (add 10 .Values.drainSeconds | int) }}{{ fail "shutdownSeconds must be at least drainSeconds + 10: the drain is a part of it" }}{{ end -}}
{{ add .Values.preStopSeconds .Values.shutdownSeconds 5 }}
{{- end }}

{{- /* Parts of the network policy: namespaces that may come in, and addresses that may be reached. */}}
{{- define "holdfast.from" }}
{{- range . }}
        - namespaceSelector:
            matchLabels: {kubernetes.io/metadata.name: {{ . }}}
{{- end }}
{{- end }}
{{- define "holdfast.to" }}
    - ports: [{protocol: TCP, port: {{ .port }}}]
      {{- with .cidrs }}
      to:
        {{- range . }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
      {{- end }}
{{- end }}

{{- define "holdfast.migration" }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "holdfast.name" .root }}-migrate-{{ .verb }}
  labels:
    {{- include "holdfast.labels" .root | nindent 4 }}
    app.kubernetes.io/component: migration
  annotations:
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-weight: "0"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  # Steps are noted when done, so a second try goes on where the first one stopped.
  backoffLimit: 2
  activeDeadlineSeconds: {{ .root.Values.migrations.deadlineSeconds }}
  template:
    metadata:
      labels:
        {{- include "holdfast.labels" .root | nindent 8 }}
        app.kubernetes.io/component: migration
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext: {{- include "holdfast.podSecurity" .root | nindent 8 }}
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: migrate
          image: {{ include "holdfast.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [migrate, {{ .verb }}]
          # Not from the ConfigMap, which a first installation makes only after this hook.
          env:
            - {name: APP_ENV, value: production}
            {{- range $name, $value := .root.Values.settings }}
            - {name: {{ $name }}, value: {{ $value | toString | quote }}}
            {{- end }}
          envFrom:
            - secretRef: {name: {{ .root.Values.secrets.name }}}
            {{- with .root.Values.secrets.migrationName }}
            - secretRef: {name: {{ . }}}
            {{- end }}
          securityContext: {{- include "holdfast.containerSecurity" .root | nindent 12 }}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 512Mi}
{{- end }}
