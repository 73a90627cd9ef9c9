#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How nodes fare is seen by crctl nodes: of a host that this test plays (--host-root), and of the
# real one.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback

# host NODE MEMORY-KIB AVAILABLE-KIB
host() {
	mkdir -p "host.$1/proc/pressure"
	printf 'MemTotal: %d kB\nMemAvailable: %d kB\n' "$2" "$3" >"host.$1/proc/meminfo.new"
	mv "host.$1/proc/meminfo.new" "host.$1/proc/meminfo"
	echo 'some avg10=42.50 avg60=0.00 avg300=0.00 total=1' >"host.$1/proc/pressure/memory"
}
# field NODE NAME
field() {
	ctl nodes --json 2>>err | jq -r --arg n "$1" ".[] | select(.name == \$n) | .$2"
}
has() {
	[ "$(field "$1" "$2")" = "$3" ]
}
measured() {
	[[ "$(field node2 cpu_percent) $(field node2 round_trip_ms)" =~ ^[0-9.]+\ [0-9.]+$ ]]
}

host node1 1000000 250000
cluster_up 2
node_kill node1
node_start node1 --host-root "$tmp/host.node1"
wait_until "$step" has node1 memory_available 256000000
is 0 $? 'the memory that is left'
is '1024000000 42.5 null' "$(field node1 '| "\(.memory_bytes) \(.psi_memory_percent)"
	+ " \(.cpu_percent)"' | sed 's/42\.500/42.5/')" 'all of it, the pressure, and no CPUs'
ctl nodes >nodes
says nodes '^NODE .* LOAD *CPU *MEM *FREE' 'the columns'
says nodes '^node1 .*% *- *75% ' 'for people'
host node1 1000000 100000
wait_until "$step" has node1 memory_available 102400000
is 0 $? 'it is told anew each second'
wait_until "$step" measured
is 0 $? "a real host: CPUs $(field node2 cpu_percent) %, answers in $(field node2 round_trip_ms) ms"
[[ $(field node2 '| .memory_available > 0 and .memory_available <= .memory_bytes and .cpus > 0
	and .loop_late_ms >= 0') = true ]]
is 0 $? 'and its memory'
# What is old is not told.
node_kill node1
ask=node2
node_silent() {
	has node1 memory_available null
}
wait_until "$step" node_silent
is 0 $? 'nothing of a node that is gone'
finish
