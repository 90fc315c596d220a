#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# prometheus-rule: prints deploy/prometheus/alerts.yml as a PrometheusRule, for the operator of Prometheus; the alerts are
# written in one place, and tested there. kubectl apply -n NAMESPACE -f - takes it.
set -euo pipefail

alerts=$(dirname "${BASH_SOURCE[0]}")/../prometheus/alerts.yml
[ -r "$alerts" ] || {
    printf 'prometheus-rule.sh: %s cannot be read.\n' "$alerts" >&2
    exit 1
}
cat <<'YAML'
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: bourse
  labels:
    app.kubernetes.io/name: bourse
    app.kubernetes.io/component: monitoring
    app.kubernetes.io/part-of: bourse
    app.kubernetes.io/managed-by: kustomize
spec:
YAML
sed 's/^/  /' "$alerts"
