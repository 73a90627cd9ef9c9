# SPDX-License-Identifier: Apache-2.0
# Small functions shared by the test scripts.
# shellcheck shell=bash

# A process that has ended counts as gone although nobody has waited for it, but not one of which
# only the first thread has ended.
gone() {
	local stat tasks
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
	stat=${stat##*) }
	case $stat in Z* | X*) ;; *) return 1 ;; esac
	tasks=("/proc/$1/task/"*)
	[ ${#tasks[@]} -le 1 ]
}

# wait_until SECONDS COMMAND… until the command succeeds; false when the time is over.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# The processes below one, all or those of a name, by the table of processes.
below() {
	ps -eo pid=,ppid=,comm= | awk -v root="$1" -v want="$2" '
		{ pid[NR] = $1; up[$1] = $2; comm[$1] = $3 }
		END {
			for (i = 1; i <= NR; i++) {
				p = pid[i]
				if (p == root || (want != "" && comm[p] != want))
					continue
				while (p in up && p != root && p > 1)
					p = up[p]
				if (p == root)
					print pid[i]
			}
		}'
}

# The host's process ids in the answer of crctl status --json.
host_pids() {
	grep -o '"host_pid": *[0-9]*' | grep -o '[0-9]*$'
}

# The value of a string or number in such an answer.
json_value() {
	sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1
}
