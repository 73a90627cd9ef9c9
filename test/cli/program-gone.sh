#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs whose files are deleted, replaced, out of reach or were never there: what was committed
# can be restarted, twice.
set -u
. "$(dirname "$0")/../soak/common.sh"
built "$CR_BIN/test/cli/in-memory"

# The job's first process is its program.
exe() {
	local pid
	pid=$(crctl status --json job | host_pids | head -n 1)
	readlink "/proc/$pid/exe"
}

# cycles WHAT PATTERN GONE COMMAND-LINE...: the job is saved and comes back after GONE, twice.
cycles() {
	local what=$1 pattern=$2 gone=$3 n
	rm -rf ckpt bin work
	mkdir bin
	as_user mkdir work
	cp "$CR_PROGS/${prog:-counter}" bin/prog
	chmod "${mode:-755}" bin/prog
	launch -n job -d work/ckpt "${@:4}"
	wait_until "$step" ready && await_up || return
	eval "$gone"
	for n in 1 2; do
		crctl checkpoint job >/dev/null 2>>err
		is 0 $? "$what: checkpoint $n"
		slay
		crrestart work/ckpt/job </dev/null >>out 2>>err &
		shepherd=$!
		await_up || return
		[ "${CR_IDS:-auto}" = virtual ] || [ -z "$pattern" ] ||
			says <(exe) "$pattern" "$what: its name $n"
	done
	as_user touch work/verify
	verdict "$what"
}

as_user() { "$@"; }

cycles deleted 'bin/prog \(deleted\)$' 'rm bin/prog' -- bin/prog work
cycles replaced 'bin/prog(\.cairn-.*)? \(deleted\)$' 'cp /bin/true bin/new; mv bin/new bin/prog' \
	-- bin/prog work
cycles 'with its folder' 'bin/prog \(deleted\)$' 'rm -r bin' -- bin/prog work
cycles packed 'bin/prog \(deleted\)$' 'rm bin/prog' --pack-files -- bin/prog work
cycles 'with another name' deleted 'mkdir -p o; ln bin/prog o/else; rm bin/prog' -- bin/prog work
cycles 'in memory' '^/memfd:program \(deleted\)$' '' \
	-- "$CR_BIN/test/cli/in-memory" bin/prog work

# From here on as a user: files of the system, in folders that only root may write.
if [ "$(id -u)" = 0 ]; then
	uid=${CR_TEST_UID:-64123}
	setpriv --reuid "$uid" --regid "$uid" --clear-groups true 2>>err || finish
	chmod 755 "$tmp"
	chown "$uid" "$CR_RUNTIME_DIR"
	as_user() {
		if [ "$*" = 'mkdir work' ]; then
			install -d -o "$uid" work
		else
			setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
		fi
	}
	crctl() { as_user crctl "$@"; }
	# These two are always in the background, where a shell is theirs alone.
	crlaunch() { exec setpriv --reuid "$uid" --regid "$uid" --clear-groups crlaunch "$@"; }
	crrestart() { exec setpriv --reuid "$uid" --regid "$uid" --clear-groups crrestart "$@"; }
	cycles 'deleted, of the system' '(prog|/memfd:prog) \(deleted\)$' 'rm bin/prog' \
		-- bin/prog work
	cycles 'replaced, of the system' '(prog|/memfd:prog) \(deleted\)$' \
		'cp /bin/true bin/new; mv bin/new bin/prog' -- bin/prog work
fi
mode=111 cycles 'not readable' '' '' -- bin/prog work
CR_PROGS=/bin prog=bash mode=111 cycles 'not readable, and asked' '' '' -- bin/prog -c '
	: >work/ready
	until [ -e work/verify ]; do sleep 0.05; done
	[ /proc/self/exe -ef bin/prog ] && echo PASS >work/result'
mode=111 cycles 'not readable, deleted' '' 'rm -f bin/prog' -- bin/prog work
finish
