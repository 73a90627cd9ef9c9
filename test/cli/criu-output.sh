#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The backend criu: what a job prints goes to the file that each crrestart has for it, also when
# that one has grown, and nothing that is printed there by others is lost.
set -u
. "$(dirname "$0")/../soak/common.sh"

cat >count.c <<'C'
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	for (int n = 1;; n++) {
		printf("%d\n", n);
		fflush(stdout);
		usleep(20000);
	}
}
C
gcc -static -o count count.c 2>msg || skip 'no static libc'
crlaunch -d ckpt -n job --detach --backend criu -- ./count >>out0 2>msg </dev/null ||
	skip "$(cat msg)"

for i in 0 1 2; do
	printed() { [ "$(grep -c '^[0-9]' "out$i")" -gt 5 ]; }
	wait_until "$step" printed
	is 0 $? "output after restart $i"
	echo others >>"out$i"
	crctl checkpoint --stop job >>out 2>>err
	is 0 $? "checkpoint $i"
	crrestart --detach ckpt/job >"out$((i + 1))" 2>>err </dev/null
	is 0 $? "restart $((i + 1))"
done
crctl kill job >>out 2>>err
is 3 "$(cat out0 out1 out2 | grep -c others)" 'what others printed is there'
is '' "$(cat out0 out1 out2 | grep '^[0-9]' | awk '$1 != NR' | head -n 1)" 'all is there, once'
finish
