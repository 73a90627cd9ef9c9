#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin claims a descriptor and a mapping that Cairn refuses, of perf, which two processes share:
# both come back twice; without it they are refused; a plugin that fails or lacks a hook.
set -u
. "$(dirname "$0")/../soak/common.sh"

prog=$CR_BIN/test/plugin/target
[ -x "$prog" ] || skip "$prog is not built"
command -v "${CC:-cc}" >/dev/null || skip 'no compiler'
(: >end; "$prog" --perf) || skip 'no perf events here for this user'
rm -f end

compile() {
	"${CC:-cc}" -D_GNU_SOURCE -DPROBE='"claims"' -I"$top/include" -w -shared -fPIC "$@" \
		-o claims.so "$top/test/plugin/probe.c" || bad 'cannot compile'
}

ask() {
	rm -f text.1 text.2
	: >ask
	wait_until "$step" test -e text.1 -a -e text.2
	is "old old" "$(cat text.1 text.2 2>/dev/null | tr '\n' ' ' | sed 's/ $//')" "$1"
	rm -f ask
}

called() {
	is "$2" "$(grep -c "$1" log)" "$1: $2 times"
}

launch -n plain -d ckpt -- "$prog" --perf
await_up plain || finish
ask 'at first'
crctl checkpoint plain >/dev/null 2>msg
is 102 $? 'refused without a plugin'
slay plain

compile -DCLAIMS
launch -n job -d ckpt --plugin "./claims.so:$tmp/log" -- "$prog" --perf
await_up || finish
ask 'at first'
crctl checkpoint job >/dev/null 2>msg
is 0 $? "checkpoint: $(cat msg)"
called claim_fd 1
called claim_mapping 2
ask 'after it'
crctl check job >msg 2>&1
is 0 $? "check: $(cat msg)"
for life in 1 2; do
	slay
	rm -f log
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
	ask "restart $life"
	called restore_fd 1
	called restore_mapping 2
	crctl checkpoint job >/dev/null 2>msg
	is 0 $? "checkpoint: $(cat msg)"
	ask 'after it'
done
slay
crrestart --ids=virtual ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
ask 'with virtual ids'
crctl checkpoint job >/dev/null 2>msg
is 0 $? "checkpoint: $(cat msg)"
slay

for what in claim_fd=fail claim_mapping=crash; do
	crrestart --plugin "./claims.so:$tmp/log,$what" ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
	crctl checkpoint job >/dev/null 2>msg
	is 118 $? "$what"
	says msg 'plugin claims' 'it is named'
	ask 'the job goes on'
	slay
done
for what in r-restore_fd=fail r-restore_mapping=crash; do
	timeout "$step" crrestart --plugin "./claims.so:$tmp/log,$what" ckpt/job </dev/null \
		>>out 2>msg
	is 118 $? "$what"
	says msg 'plugin claims' 'it is named'
done
# A newer version of it that has forgotten how.
compile
timeout "$step" crrestart ckpt/job </dev/null >>out 2>msg
is 118 $? 'a plugin without restore hooks'
says msg 'by the plugin claims, which .*cannot do it any more' 'that is said'
finish
