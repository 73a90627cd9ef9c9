#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mapped files and libraries that changed or vanished since are named, and not used.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v "${CC:-cc}" >/dev/null || skip 'no compiler'
cat >lib.c <<END
int answer(void) { return 42; }
END
cat >main.c <<END
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
int answer(void);
int main(void)
{
	char *p = mmap(0, 4096, PROT_READ, MAP_PRIVATE, open("mapped", O_RDONLY), 0);

	close(open("work/ready", O_CREAT | O_WRONLY, 0666));
	while (access("work/verify", F_OK))
		usleep(10000);
	return p[0] == 'm' && answer() == 42 ? 0 : 1;
}
END
if ! ${CC:-cc} -shared -fPIC -o libanswer.so lib.c ||
	! ${CC:-cc} -o prog main.c ./libanswer.so; then
	skip 'cannot compile'
fi
mkdir work
printf 'm%4095s' ' ' >mapped
launch -n job -d ckpt -- ./prog
wait_until "$step" ready && await_up || finish
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
slay

must_fail() {
	timeout -s KILL 20 crrestart ckpt/job </dev/null >msg 2>&1
	is 104 $? "$2"
	says msg "$1" 'its message names the file'
	crctl status job >/dev/null 2>&1 && { bad "$2: a job was started"; crctl kill job; }
}

for file in mapped libanswer.so prog; do
	cp -a $file $file.whole
	# Same length and another content, at once with another time.
	printf 'M' | dd of=$file bs=1 seek=3000 conv=notrunc status=none
	must_fail "$file" "$file changed"
	rm $file
	must_fail "$file" "$file missing"
	cp -a $file.whole $file
	truncate -s 100 $file
	must_fail "$file" "$file shorter"
	rm $file
	cp -a $file.whole $file
done
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
: >work/verify
wait "$shepherd"
is 0 $? 'with the files put back'
finish
