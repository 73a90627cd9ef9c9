#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SysV objects where ids are translated, twice: under their ids and with who used them last,
# whatever is asked of them; and after a kill whose victims nobody has waited for yet.
set -u
. "$(dirname "$0")/../soak/common.sh"
export CR_IDS=virtual

# In an ipc namespace, so that nothing is left; and whoever becomes the parent of the orphans here
# never looks after them.
if [ -z "${CR_NOT_REAPED:-}" ]; then
	own=(unshare --ipc)
	[ "$(id -u)" = 0 ] || own+=(--user --map-current-user)
	"${own[@]}" true 2>/dev/null || skip 'there are no ipc namespaces for us here'
	cd / && rm -rf "$tmp"
	CR_NOT_REAPED=1 exec "${own[@]}" python3 - "$top/test/cli/$(basename "$0")" <<-'END'
	import ctypes, signal, subprocess, sys
	PR_SET_CHILD_SUBREAPER = 36
	ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
	signal.signal(signal.SIGPIPE, signal.SIG_DFL)
	sys.exit(subprocess.run(['bash', sys.argv[1]]).returncode)
	END
fi

for program in ipc-sem ipc-sem-undo ipc-sem-wait ipc-msg ipc-shm ipc-shm-detached; do
	rm -rf ckpt
	launch_prog "$program" -d ckpt || continue
	for life in first second; do
		crctl checkpoint job >/dev/null 2>>err
		is 0 $? "$program: its checkpoint in its $life life"
		slay
		crrestart ckpt/job </dev/null >>out 2>>err &
		shepherd=$!
		await_up || break
	done
	verdict "$program"
done
finish
