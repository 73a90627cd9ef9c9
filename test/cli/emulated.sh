#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program whose instructions somebody translates, who also takes its signals: refused by name, and
# it goes on unharmed. An emulator that is itself an ordinary program is saved as one.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v valgrind >/dev/null || command -v qemu-x86_64 >/dev/null ||
	skip 'neither valgrind nor qemu-user'
cat >prog.c <<END
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	for (long i = 0; access("enough", F_OK); i++) {
		FILE *f = fopen("now", "w");

		if (f && fprintf(f, "%ld\n", i) > 0 && !fclose(f))
			rename("now", "count");
		usleep(10000);
	}
	return 7;
}
END
gcc -O1 -o prog prog.c || { bad 'compiling'; finish; }

higher() {
	[ -e count ] && [ "$(cat count)" -gt "$1" ]
}

goes_on() {
	wait_until "$step" higher "$(cat count)"
	is 0 $? "$1"
}

ends() {
	: >enough
	wait_until "$step" gone "$shepherd"
	wait "$shepherd"
	is 7 $? "$1"
	rm -f enough count
}

if command -v valgrind >/dev/null; then
	launch -n job -d ckpt -- valgrind -q ./prog
	wait_until "$step" test -e count && await_up || finish
	for try in 1 2 3; do
		crctl checkpoint job >msg 2>&1
		is 102 $? "a checkpoint under valgrind, $try"
	done
	says msg 'is run by .*valgrind.*translates its instructions' 'by name'
	crctl check job >msg 2>&1
	is 102 $? 'crctl check'
	says msg 'translates its instructions' 'says the same'
	goes_on 'the program goes on'
	is '' "$(ls ckpt/job 2>/dev/null)" 'nothing was committed'
	ends 'the program ends as it would have'
	# Also while it starts: valgrind takes signals long before an agent can say who runs it.
	launch -n early -d ckpt -i 0.02 -- valgrind -q ./prog
	wait_until "$step" higher 0
	is 0 $? "valgrind starts while checkpoints are asked for: $(grep -m 1 -i assert err)"
	ends 'that program ends as it would have'
fi
if command -v qemu-x86_64 >/dev/null; then
	launch -n job -d ckpt -- qemu-x86_64 ./prog
	wait_until "$step" test -e count && await_up || finish
	crctl checkpoint job >msg 2>&1
	is 0 $? "under qemu-x86_64, which is a program itself: $(tail -n 1 msg)"
	goes_on 'it goes on'
	slay
	crrestart ckpt/job >>out 2>>err </dev/null &
	shepherd=$!
	await_up
	goes_on 'after a restart too'
	ends 'and ends as it would have'
fi
finish
