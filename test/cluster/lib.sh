# SPDX-License-Identifier: Apache-2.0
# A cluster for a test, in a lab of nodes (test/lab) or on loopback: the coordinator and N nodes
# with their daemons. All is in the test's folder, which the nodes share, except their stores.
#
# In a lab the coordinator has a node of its own, the one behind the last. On loopback nodes are
# only names, each with a daemon, its socket and its store. Either way `on NODE COMMAND` runs
# something there. Logs are in log/: crcoordinator, crnode.NODE, job.MEMBER.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/../soak/common.sh"
: "${CR_CLUSTER_PROGS:=$CR_BIN/test/cluster}"
export CR_LAB=${CR_LAB:-t$$} CR_LAB_SHARED="$top $CR_BIN $tmp"
[ "${CR_BIN#/}" != "$CR_BIN" ] || CR_BIN=$(realpath "$CR_BIN")
# Below those that the kernel hands out.
port=$((12000 + $$ % 20000))
while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
nodes=0 head='' place='' witness=''
node_options=() coordinator_options=() daemon_env=()
built "$CR_CLUSTER_PROGS/msgs" "$CR_CLUSTER_PROGS/witness"
chmod 755 "$tmp"
mkdir log pid

# ---- the place

lab() {
	"$top/test/lab/lab" "$@"
}

# The test is one for a lab: says why not where there can be none.
needs_lab() {
	local why
	[ "$(id -u)" = 0 ] || skip 'a lab of nodes needs root'
	why=$(lab status 2>/dev/null) || skip "${why#skip: }"
	place=lab
	unset CR_RUNTIME_DIR
	trap 'witness_end; lab down' EXIT
	trap 'exit 130' INT TERM
}

on_loopback() {
	place=loopback
	trap 'witness_end; loopback_down' EXIT
	trap 'exit 130' INT TERM
}

on() {
	local node=$1
	shift
	if [ $place = lab ]; then
		lab exec "$node" "$@"
	else
		CR_NODE_SOCKET=$tmp/$node/socket CR_RUNTIME_DIR=$tmp/$node/run "$@"
	fi
}

address() {
	if [ $place = lab ]; then lab address "$1"; else echo 127.0.0.1; fi
}

store() {
	if [ $place = lab ]; then echo /mnt/store; else echo "$tmp/$1/store"; fi
}

# A node's store, seen by this script.
store_of() {
	if [ $place = lab ]; then echo "$(lab disk "$1")/store"; else echo "$tmp/$1/store"; fi
}

# ---- daemons

# daemon WHAT NODE COMMAND…: in the background of that node.
daemon() {
	local what=$1 node=$2
	shift 2
	# shellcheck disable=SC2016
	on "$node" setsid -f bash -c 'echo $$ >"$1.new" && mv "$1.new" "$1"; shift; exec "$@"' x \
		"$tmp/pid/$what" "$@" </dev/null >>"log/$what" 2>&1
}

# daemon_kill WHAT NODE [SIGNAL]
daemon_kill() {
	on "$2" kill "-${3:-KILL}" "$(<"pid/$1")"
}

coordinator_start() {
	daemon crcoordinator "$head" env "${daemon_env[@]}" "$CR_BIN/crcoordinator" \
		--listen "$CR_COORDINATOR" --state "$coordinator_state" --key "$tmp/key" \
		"${coordinator_options[@]}"
}

coordinator_kill() {
	daemon_kill crcoordinator "$head" "$@"
}

# node_start NODE [OPTION…]
node_start() {
	local node=$1
	shift
	daemon "crnode.$node" "$node" env "${daemon_env[@]}" "$CR_BIN/crnode" \
		--coordinator "$CR_COORDINATOR" --name "$node" --store "$(store "$node")" \
		--key "$tmp/key" --address "$(address "$node")" "${node_options[@]}" "$@"
}

node_kill() {
	daemon_kill "crnode.$1" "$@"
}

ctl() {
	on "${ask:-node1}" timeout "$step" "$CR_BIN/crctl" "$@"
}

# reads FILTER [JQ-OPTION…]: of what crctl prints. What is no JSON is noted for finish: a helper
# that read it as "nothing" would let pass whatever must not be.
reads() {
	local rc=0
	jq -r "${@:2}" "$1" 2>"$tmp/jq.err" || rc=$?
	[ $rc -lt 2 ] || { cat "$tmp/jq.err"; echo "$1"; } >>"$tmp/no-json"
	return $rc
}

node_state() {
	ctl nodes --json 2>>err | reads '.. | objects | select(.name? == $n) | .state' --arg n "$1"
}

node_is() {
	[ "$(node_state "$1")" = "$2" ]
}

all_up() {
	local i
	for ((i = 1; i <= nodes; i++)); do
		node_is "node$i" up || return
	done
}

# cluster_up N: N nodes; in the place that needs_lab or on_loopback has said.
cluster_up() {
	local i
	nodes=$1
	if [ $place = lab ]; then
		head=node$((nodes + 1))
		lab up $((nodes + 1)) || { bad 'no lab'; finish; }
		export CR_COORDINATOR=$(lab address "$head"):7117
		coordinator_state=/mnt/state
	else
		head=head
		export CR_COORDINATOR=127.0.0.1:$port
		coordinator_state=$tmp/state
		for ((i = 1; i <= nodes; i++)); do
			mkdir -p "node$i" && mkdir -m 700 "node$i/run"
		done
	fi
	"$CR_BIN/crcoordinator" --init "$tmp/key" || bad 'crcoordinator --init'
	coordinator_start
	for ((i = 1; i <= nodes; i++)); do
		node_start "node$i"
	done
	wait_until "$step" all_up || { bad "the nodes are not up: $(tail -qn 1 log/*)"; finish; }
}

# Ends a node on loopback: its daemons and shepherds, which have its socket in their environment,
# and all below them. (A restarted job has the environment of its first node.)
loopback_end() {
	local f pid all=()
	for f in /proc/[0-9]*/environ; do
		pid=${f#/proc/} pid=${pid%/environ}
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		crnode | crcoordinator | crlaunch | crrestart) ;;
		*) continue ;;
		esac
		! grep -qszF "CR_NODE_SOCKET=$tmp/$1/" "$f" || all+=("$pid" $(below "$pid" ''))
	done
	[ ${#all[@]} = 0 ] || kill -9 "${all[@]}" 2>/dev/null
}

loopback_down() {
	local i
	for ((i = 1; i <= nodes; i++)); do
		loopback_end "node$i"
	done
	loopback_end head
}

# ---- the job: members of msgs, one on each node from node1 on

# job_start MEMBERS [OPTION-OF-CRLAUNCH…]
job_start() {
	local i n=$1 to=() join=()
	shift
	members=$n
	rm -f out.*
	for ((i = 0; i < n; i++)); do
		to+=("$(address "node$((i % nodes + 1))"):$((port + 100 + i))")
	done
	for ((i = 0; i < n; i++)); do
		[ $i = 0 ] || join=(--join job)
		daemon "job.$i" "node$((i % nodes + 1))" "$CR_BIN/crlaunch" -n job "${join[@]}" \
			"$@" -- "$CR_CLUSTER_PROGS/msgs" "$i" "$n" "$tmp/out" "${to[@]}"
		wait_until "$step" job_has $((i + 1)) || {
			bad "member $i does not start: $(tail -n 2 "log/job.$i")"
			finish
		}
	done
	reaches 1 || { bad "the job does not work: $(tail -qn 1 log/job.*)"; finish; }
}

status() {
	ctl status job --json 2>>err
}

job_has() {
	[ "$(status | reads '[.. | objects | select(has("member") and has("node"))
		| .member] | unique | length')" -ge "$1" ] 2>/dev/null
}

# A field of the job's row.
job() {
	status | reads "[.. | objects | select(has(\"epoch\"))] | first | .$1"
}

job_is() {
	[[ " $* " = *" $(job state) "* ]]
}

committed_after() {
	[ "$(job number)" -gt "$1" ] 2>/dev/null
}

# Waits for one more checkpoint.
await_checkpoint() {
	local n
	n=$(job number)
	wait_until "$step" committed_after "${n:-0}" || bad "no checkpoint after $n"
}

# The node on which a member is.
where() {
	status | reads "[.. | objects | select(has(\"member\") and has(\"node\"))
		| select(.member == $1 and .state? != null and .number? == null)] | first | .node"
}

# The newest step of a member in the output.
newest() {
	local line
	line=$(tail -n 1 "out.${1:-0}" 2>/dev/null)
	line=${line%% *}
	[ "$line" != end ] || line=$(tail -n 2 "out.${1:-0}" | head -n 1 | cut -d' ' -f1)
	echo "${line:--1}"
}

has_reached() {
	local i
	for ((i = 0; i < members; i++)); do
		[ "$(newest $i)" -ge "$1" ] 2>/dev/null || return
	done
}

reaches() {
	wait_until "$step" has_reached "$1"
}

is_elsewhere() {
	[ "$(where 0)" != "$1" ] && job_is running
}

# leaves NODE: member 0 is on another one.
leaves() {
	wait_until "$step" is_elsewhere "$1"
	is 0 $? "member 0 has moved from $1 to $(where 0)"
}

# moves_on WHAT: within the time of a step there is new output.
moves_on() {
	local to
	to=$(($(newest) + 20))
	reaches $to
	is 0 $? "$1: the job goes on" || true
}

has_ended() {
	local i
	for ((i = 0; i < members; i++)); do
		[ "$(tail -n 1 "out.$i" 2>/dev/null)" = end ] || return
	done
}

# Asks the job to end, and compares its output with that of an undisturbed run.
job_end() {
	local out
	: >out.stop
	wait_until "$step" has_ended || bad "the job does not end: $(job state) $(job why)"
	out=$("$CR_CLUSTER_PROGS/msgs" check "$members" out 2>&1)
	is 0 $? "the output is that of an undisturbed run: $out"
	[ -z "$witness" ] || witness_end
}

# ---- events

events() {
	ctl events --json 2>>err
}

# happened KIND [JQ-CONDITION]
happened() {
	events | reads "[.. | objects | select(.kind? == \$k and (${2:-true}))] | length > 0" \
		-se --arg k "$1" >/dev/null
}

# ---- the witness

witness_start() {
	"$CR_CLUSTER_PROGS/witness" "$tmp/out" "${1:-0}" >witness.out 2>&1 &
	witness=$!
}

witness_end() {
	[ "$witness" ] || return 0
	kill "$witness" 2>/dev/null
	wait "$witness"
	is 0 $? "never two copies of a member: $(cat "$tmp/witness.out")"
	witness=''
}
