# SPDX-License-Identifier: Apache-2.0
# Nodes whose hosts a test plays (crnode --host-root): their memory is what it says. To be sourced
# after lib.sh.
# shellcheck shell=bash

total=16000000
# memory NODE PERCENT: so much is available there.
memory() {
	mkdir -p "host.$1/proc"
	printf 'MemTotal: %d kB\nMemAvailable: %d kB\n' $total $((total * $2 / 100)) \
		>"host.$1/proc/new"
	mv "host.$1/proc/new" "host.$1/proc/meminfo"
}
eval "$(declare -f node_start | sed '1s/node_start/any_node_start/')"
node_start() {
	any_node_start "$@" --host-root "$tmp/host.$1"
}

field() {
	ctl nodes --json 2>>err | jq -r --arg n "$1" ".[] | select(.name == \$n) | .$2"
}
seen() {
	[ "$(field "$1" "$2")" != null ]
}
count() {
	events | jq -s --arg k "$1" '[.[] | select(.kind == $k)] | length'
}
text_of() {
	events | jq -r --arg k "$1" 'select(.kind == $k) | .text' | tail -n 1
}
more_than() {
	[ "$(count "$1")" -gt "$2" ]
}
