#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs under sanitizers and with allocators in place of libc's: they start, are saved every 50
# ms, restarted and saved again; so are the programs that they execute, of either kind.
set -u
. "$(dirname "$0")/../soak/common.sh"

source=$top/test/cli/sanitizers.c
libraries=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p)


newest() {
	find ckpt/job -maxdepth 1 -name '0*' -printf '%f\n' 2>/dev/null | sort | tail -n 1
}

beyond() {
	local n
	n=$(newest)
	gone "$shepherd" || [ "$((10#${n:-0}))" -ge "$1" ]
}

# try NAME COMMAND…: as a job.
try() {
	local name=$1 from
	shift
	rm -rf enough ready out err ckpt
	launch -n job -d ckpt -i 0.05 --keep 3 -- "$@"
	wait_until "$step" test -e ready && await_up || { slay; return; }
	wait_until "$step" beyond 5
	slay
	from=$(newest)
	from=$((10#${from:-0}))
	[ "$from" -ge 5 ] || bad "$name: checkpoints: $(tail -n 1 err)"
	crrestart ckpt/job >>out 2>>err </dev/null &
	shepherd=$!
	await_up
	wait_until "$step" beyond $((from + 2))
	: >enough
	wait_until "$step" gone "$shepherd" || { bad "$name: no end"; slay; return; }
	wait "$shepherd"
	is "0 PASS" "$? $(tail -n 1 out)" "$name: $(tail -n 1 err)"
}

# Such a program may not start on this machine as it is: its memory layout is not always free.
builds() {
	"$@" -g -O1 -pthread -o prog "$source" 2>/dev/null &&
		[ "$(./prog child 2>/dev/null)" = child ]
}

gcc -O1 -pthread -o plain "$source" || { bad 'compiling'; finish; }
for kind in address thread; do
	for compiler in gcc clang; do
		command -v $compiler >/dev/null && builds $compiler -fsanitize=$kind || continue
		try "$compiler -fsanitize=$kind" ./prog
	done
done
if builds gcc -fsanitize=address; then
	try 'a shell that executes it' sh -c './prog; exit $?'
	printf '#!%s\n' "$PWD/prog" >script
	chmod +x script
	[ "$(crlaunch -n asan -- ./prog child)" = child ]
	is 0 $? 'it starts'
	[ "$(crlaunch -n asan -- env -i ./prog child)" = child ]
	is 0 $? 'with an environment of its own'
	is "$CR_BIN/libcairn.so" "$(crlaunch -n asan -- sh -c 'echo "$LD_PRELOAD"')" \
		'a program without it has only the agent'
	case $(crlaunch -n asan -- env LD_PRELOAD=libm.so.6 bash -c \
		'./prog child; echo "$LD_PRELOAD"; exec 2>&1; ./prog child') in
	"child
$CR_BIN/libcairn.so:libm.so.6
child") good 'one that has both kinds as children' ;;
	*) bad 'one that has both kinds as children' ;;
	esac
	asan=$(gcc -print-file-name=libasan.so)
	[ -e "$asan" ] && is "$asan:$CR_BIN/libcairn.so" "$(crlaunch -n asan -- \
		env ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD="$asan" bash -c 'echo "$LD_PRELOAD"')" \
		'what the user preloads comes first too'
fi
for name in libjemalloc.so.2 libtcmalloc_minimal.so.4 libmimalloc.so.2; do
	[[ $libraries = *"$name"* ]] || continue
	export LD_PRELOAD=$name
	try "$name" ./plain
	unset LD_PRELOAD
done
finish
