#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two plugins: in which order their hooks are called, what they may ask, what they keep; each way in
# which one can go wrong is named and gives the checkpoint or restart up, and a running job goes on.
set -u
. "$(dirname "$0")/../soak/common.sh"

prog=$CR_BIN/test/plugin/target
[ -x "$prog" ] || skip "$prog is not built"
command -v "${CC:-cc}" >/dev/null || skip 'no compiler'

# plugin NAME [OPTION…]: compiles it as NAME.so
plugin() {
	local name=$1
	shift
	"${CC:-cc}" -D_GNU_SOURCE -DPROBE="\"$name\"" -I"$top/include" -Wall -Werror -shared -fPIC \
		-fvisibility=hidden "$@" -o "$name.so" "$top/test/plugin/probe.c" 2>msg ||
		{ bad "cannot compile $name: $(head -n 1 msg)"; finish; }
}

# hooks WANT WHAT: what was called since the last time.
hooks() {
	is "$1" "$(sed 's/ /./' log 2>/dev/null | tr '\n' ' ' | sed 's/ $//')" "$2"
	rm -f log
}

ask() {
	rm -f text.1 text.2
	: >ask
	wait_until "$step" test -e text.1 -a -e text.2
	is "$1 $1" "$(cat text.1 text.2 2>/dev/null | tr '\n' ' ' | sed 's/ $//')" "$2"
	rm -f ask
}

# resume OPTION…: the newest checkpoint, as a job that runs.
resume() {
	crrestart "$@" ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
}

plugin first
plugin second
up='first.init second.init first.suspend second.suspend'
still='first.checkpoint second.checkpoint'
well='second.resume first.resume'
sorry='second.failed first.failed'
again='first.init second.init first.init second.init first.init second.init'

launch -n job -d ckpt --plugin "./first.so:$tmp/log" --plugin "./second.so:$tmp/log" -- "$prog"
await_up || finish
ask old 'at first'
hooks '' 'nothing is called at a launch but init'
crctl checkpoint job >/dev/null 2>msg
is 0 $? "checkpoint: $(cat msg)"
hooks "$up $still $well" 'order at a checkpoint'
crctl check job >/dev/null 2>&1
hooks "$up $still $well" 'order at a check'
slay
resume
hooks "$again first.restart second.restart $well" 'order at a restart'
ask old 'its memory is as it was'
slay
resume --plugin "./second.so:$tmp/log,write"
ask second 'what was written before it ran'
slay
resume --ids=virtual --plugin "./second.so:$tmp/log,write"
ask second 'the same with virtual ids'
rm -f log
crctl checkpoint job >/dev/null 2>msg
is 0 $? "checkpoint: $(cat msg)"
hooks "$up $still $well" 'order at a checkpoint'
crctl checkpoint --stop job >/dev/null 2>msg
is 0 $? "checkpoint --stop: $(cat msg)"
hooks "$up $still" 'a job that ends is not resumed'
wait "$shepherd"
is 85 $? 'it is stopped'

# goes_wrong TIMEOUT HOOK=WHAT PATTERN ORDER: in the second, at a checkpoint.
goes_wrong() {
	resume --plugin "./second.so:$tmp/log,$2" --plugin-timeout "$1"
	rm -f log
	crctl checkpoint job >/dev/null 2>msg
	is 118 $? "$2"
	says msg "plugin second.*$3" "$2 is said"
	hooks "$4" "$2: order"
	ask second "$2: the job goes on"
	slay
	rm -f log
}

suspended="$up $sorry"
stopped="$up $still $sorry"
# In a new process, as the old one is lost.
lost_early="$up second.init $sorry"
lost="$up $still second.init $sorry"
goes_wrong 60 suspend=fail ': as it was told: Permission denied' "$suspended"
goes_wrong 60 suspend=errno 'failed in its hook suspend: No such file' "$suspended"
goes_wrong 60 suspend=odd 'a hook returned 7' "$suspended"
goes_wrong 60 checkpoint=fail ': as it was told' "$stopped"
goes_wrong 60 suspend=crash 'crashed in its hook suspend: Segmentation fault' "$lost_early"
goes_wrong 60 checkpoint=crash 'crashed in its hook checkpoint: Segmentation' "$lost"
goes_wrong 60 checkpoint=exit 'ended, or closed its connection, in its hook checkpoint' "$lost"
goes_wrong 60 checkpoint=close 'ended, or closed' "$lost"
goes_wrong 60 checkpoint=nonsense 'gave no good answer to checkpoint' "$lost"
goes_wrong 60 checkpoint=orphans 'ended, or closed' "$lost"
goes_wrong 1 suspend=hang 'did not come back from its hook suspend in 1 s' "$lost_early"
goes_wrong 1 checkpoint=hang 'did not come back from its hook checkpoint in 1 s' "$lost"
resumed="$up $still second.resume second.init $sorry"
goes_wrong 60 resume=crash 'crashed in its hook resume' "$resumed"

# What does no harm: children left behind, blocked signals, another name.
resume --plugin "./second.so:$tmp/log,suspend=fork,checkpoint=name,resume=block"
rm -f log
crctl checkpoint job >/dev/null 2>msg
is 0 $? "children, a name, blocked signals: $(cat msg)"
hooks "$up $still $well" 'order'
none() { ! pgrep -u "$(id -u)" left-behind >/dev/null; }
wait_until "$step" none
is 0 $? 'nothing is left of its children'
is 2 "$(crctl status --json job | host_pids | wc -l)" 'they are not taken for processes of the job'
slay

# At a restart: nothing is started.
for what in init=fail restart=crash restart=hang path=fail resume=exit; do
	timeout "$step" crrestart --plugin "./second.so:$tmp/log,r-$what" --plugin-timeout 3 \
		ckpt/job </dev/null >>out 2>msg
	is 118 $? "restart: $what"
	says msg 'plugin second' 'it is named'
	crctl status job >/dev/null 2>&1
	is 101 $? 'nothing runs'
done
resume --plugin "./second.so:$tmp/log" --plugin-timeout 60
ask second 'and then it can be restarted all the same'
slay

# Descriptors of other versions.
bad_plugin() {
	crlaunch --plugin "./$1.so:$tmp/log" -- true 2>msg
	is 118 $? "$1"
	says msg "$1.*$2" 'it is said'
}
plugin too-new -DABI=2
bad_plugin too-new 'too new: it is for version 2'
plugin too-old -DABI=0
bad_plugin too-old 'no usable descriptor'
plugin too-small -DSIZE=16
bad_plugin too-small 'no usable descriptor .*16 bytes'
plugin more -DMORE='"x"' -DCLAIMS
bad_plugin more 'too new: its descriptor has [0-9]+ bytes and uses them'
plugin Wrong-Name
bad_plugin Wrong-Name 'no good name'
echo 'int nothing;' >none.c
"${CC:-cc}" -shared -fPIC -o none.so none.c
bad_plugin none 'no plugin: it has no symbol cairn_plugin'
begin='__attribute__((constructor)) static void begin(void)'
echo "void missing(void); $begin { missing(); }" >none.c
"${CC:-cc}" -shared -fPIC -o unresolved.so none.c
bad_plugin unresolved 'undefined symbol: missing'
echo "$begin { *(int *)0 = 1; }" >none.c
"${CC:-cc}" -w -shared -fPIC -o constructor.so none.c
bad_plugin constructor 'crashed in its hook init'
echo rubbish >rubbish.so
bad_plugin rubbish ''
# What a newer header has and this plugin does not use does not matter, nor what an older one lacks.
plugin newer -DMORE=NULL
plugin older -DSIZE='__builtin_offsetof(struct cairn_plugin, resume)'
for good in newer older; do
	crlaunch --plugin "./$good.so:$tmp/log" -- true 2>msg
	is 0 $? "$good: $(cat msg)"
done
finish
