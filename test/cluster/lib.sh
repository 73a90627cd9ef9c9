# SPDX-License-Identifier: Apache-2.0
# A cluster for a test, in a lab of nodes (test/lab) or on loopback: the coordinator and N nodes
# with their daemons. All is in the test's folder, which the nodes share, except their stores.
#
# In a lab of N nodes the coordinator has a node of its own, the last. on NODE COMMAND runs a
# command there; on loopback, where node1 is only a name, here, with that daemon's socket.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/../soak/common.sh"
: "${CR_CLUSTER_PROGS:=$CR_BIN/test/cluster}"
export CR_LAB=${CR_LAB:-t$$} CR_LAB_SHARED="$top $CR_BIN $tmp"
unset CR_RUNTIME_DIR
port=$((20000 + $$ % 20000))
nodes=0 place=''

lab() {
	"$top/test/lab/lab" "$@"
}

# The test is one for a lab: says why not where there can be none.
needs_lab() {
	[ "$(id -u)" = 0 ] || skip 'a lab of nodes needs root'
	local why
	why=$(lab status 2>/dev/null) || skip "${why#skip: }"
	place=lab
	trap 'lab down' EXIT
	trap 'exit 130' INT TERM
}
