#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# doc/OPERATING.md says what each metric and each kind of event means, and names alerts that are.
set -u
. "$(dirname "$0")/../soak/common.sh"
[ -d "$top/src/coordinator" ] || skip 'the sources are not there'

doc=$top/doc/OPERATING.md
told() { sed -n 's/^| \(`[^|]*\) |.*/\1/p' "$doc" | grep -o '`[a-z_-]*`' | tr -d '`' | sort -u; }
told >told
metrics() { sed -n 's/^\t{ "\([a-z_]*\)", "\(gauge\|counter\|histogram\)".*/\1/p' \
	"$top/src/coordinator/metrics.c"; }
[ "$(metrics | wc -l)" -gt 30 ]
is 0 $? "metrics are found ($(metrics | wc -l))"
is '' "$(metrics | sort -u | comm -23 - told | paste -sd' ')" 'every metric has its row'
kinds() {
	cat "$top"/src/coordinator/*.c | tr -d '\n\t' |
		grep -oE 'co_event\([a-z>.-]+, *"[a-z-]+"' | grep -oE '"[a-z-]+"'
	grep -oE '"(checkpoint|restart)-failed"' "$top/src/coordinator/operations.c"
}
kinds | tr -d '"' | sort -u >kinds
[ "$(wc -l <kinds)" -gt 12 ]
is 0 $? "kinds of events are found ($(wc -l <kinds))"
is '' "$(comm -23 kinds told | paste -sd' ')" 'every kind of event has its row'
is '' "$(grep -o '`Cairn[A-Za-z]*`' "$doc" | tr -d '`' | while read -r alert; do
	grep -q "alert: $alert$" "$top/contrib/prometheus/cairn.rules.yml" || echo "$alert"
done)" 'alerts that it names are there'
is '' "$(grep -oE '`crctl [a-z]+' "$doc" | cut -d' ' -f2 | sort -u | while read -r verb; do
	"$CR_BIN/crctl" --help | grep -qE "^  $verb( |$)" || echo "$verb"
done)" 'verbs that it names are there'
finish
