#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The plugin example, compiled here with no more than its header: a fanotify descriptor that two
# processes share comes back twice and tells of what happens; without it the checkpoint is refused.
set -u
. "$(dirname "$0")/../soak/common.sh"

prog=$CR_BIN/test/plugin/fan
[ -x "$prog" ] || skip "$prog is not built"
command -v "${CC:-cc}" >/dev/null || skip 'no compiler'
echo x >watched
"$prog" "$tmp/watched" --try || skip 'no fanotify here for this user'
mkdir -p include/cairn
cp "$top/include/cairn/plugin.h" include/cairn
cp "$top/plugins/example.c" mine.c
"${CC:-cc}" -std=c99 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -Werror -Iinclude -shared \
	-fPIC -fvisibility=hidden -Wl,-z,defs -o mine.so mine.c 2>msg
is 0 $? "compiled with the header alone: $(head -n 1 msg)"
printf '#include <cairn/plugin.h>\nint main() { return cairn_host().size; }\n' >plus.cc
if command -v "${CXX:-c++}" >/dev/null; then
	"${CXX:-c++}" -Wall -Wextra -Werror -Iinclude -c plus.cc 2>msg
	is 0 $? "the header is C++ as well: $(head -n 1 msg)"
fi

# What both processes have been told since they were asked last.
told() {
	local who
	for who in parent child; do
		rm -f told.$who
	done
	echo "$1" >watched
	: >ask
	wait_until "$step" test -e told.parent -a -e told.child
	is event "$(cat told.parent told.child | sort -u | tr -d '\n' | sed 's/nothing//')" "$1"
	rm -f ask
	gone_again() { [ ! -e told.parent ] && [ ! -e told.child ]; }
	wait_until "$step" gone_again
}

launch -n job -d ckpt -- "$prog" "$tmp/watched"
await_up || finish
wait_until "$step" test -e ready
crctl checkpoint job >/dev/null 2>msg
is 102 $? 'refused without it'
says msg 'fanotify' 'by name'
slay
rm -f ready

launch -n job -d ckpt --plugin "./mine.so:$tmp/watched" -- "$prog" "$tmp/watched"
await_up || finish
wait_until "$step" test -e ready
told 'at first'
crctl checkpoint job >/dev/null 2>msg
is 0 $? "checkpoint: $(cat msg)"
told 'after a checkpoint'
for life in 1 2; do
	slay
	echo y >watched
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
	told "restart $life"
	crctl check job >out.check 2>&1
	is 0 $? 'check'
	crctl checkpoint job >/dev/null 2>msg
	is 0 $? "checkpoint: $(cat msg)"
	told 'after it'
done
# An event that nobody has read is said to prevent it; the job goes on.
echo z >watched
crctl checkpoint job >/dev/null 2>msg
is 118 $? 'an event is waiting'
says msg 'plugin example: fd [0-9]+ of process [0-9]+ has events' 'that is said'
told 'after that'
: >end
wait "$shepherd"
is 0 $? 'the job ends well'
rm -f end ready

# A plugin that has not been told of the file.
launch -n two -d ckpt --plugin ./mine.so -- "$prog" "$tmp/watched"
await_up two || finish
wait_until "$step" test -e ready
crctl checkpoint two >/dev/null 2>msg
is 118 $? 'a file that it does not know'
says msg 'give its path' 'it says what to do'
slay two
finish
