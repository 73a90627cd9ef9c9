#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The plugin pathmap: a job whose folder, library and files are elsewhere after each of two
# restarts, by prefixes and by regular expressions; bad rules.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v "${CC:-cc}" >/dev/null || skip 'no compiler'
mkdir -p 'run 1/bin' 'run 1/data' far
cat >main.c <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int answer(void);
int main(int argc, char **argv)
{
	int file = open("data/file", O_RDWR), far = open(argv[1], O_RDONLY);
	char link[64], got[4096];
	FILE *f;

	if (file < 0 || far < 0)
		return 3;
	for (;;) {
		usleep(20000);
		if (access("../ask", F_OK) || !access("../told", F_OK))
			continue;
		f = fopen("../told.new", "w");
		for (int i = 0; i < 4; i++) {
			if (i < 2)
				snprintf(link, sizeof(link), "/proc/self/fd/%d", i ? far : file);
			else
				strcpy(link, i == 2 ? "/proc/self/cwd" : "/proc/self/exe");
			memset(got, 0, sizeof(got));
			if (readlink(link, got, sizeof(got) - 1) < 0)
				return 4;
			fprintf(f, "%s|", got);
		}
		fprintf(f, "%d\n", answer());
		fclose(f);
		rename("../told.new", "../told");
	}
}
END
echo 'int answer(void) { return 42; }' >lib.c
if ! "${CC:-cc}" -shared -fPIC -o 'run 1/bin/libanswer.so' lib.c ||
	! "${CC:-cc}" -w -o 'run 1/bin/prog' main.c "$PWD/run 1/bin/libanswer.so"; then
	skip 'cannot compile'
fi
echo data >'run 1/data/file'
echo far >far/file-1

ask() {
	rm -f told
	: >ask
	wait_until "$step" test -e told
	is "$2" "$(sed "s,$tmp/,,g" told 2>/dev/null)" "$1"
	rm -f ask
}

(cd 'run 1' && exec crlaunch -n job -d ../ckpt --plugin "pathmap:$tmp/rules" -- ./bin/prog \
	"$tmp/far/file-1") </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
ask 'at first' 'run 1/data/file|far/file-1|run 1|run 1/bin/prog|42'
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
slay
mv 'run 1' 'run 2'
mv far/file-1 far/file-2
timeout "$step" crrestart ckpt/job </dev/null 2>msg
is 118 $? 'no rules'
says msg 'cannot read the rules, .*/rules' 'that is said'
for wrong in 'a b' 'a -> b' '/a -> b' '~( -> /b'; do
	printf '# comment\n%s\n' "$wrong" >rules
	timeout "$step" crrestart ckpt/job </dev/null 2>msg
	is 118 $? "a bad rule: $wrong"
	says msg 'rules, line 2' 'its line is named'
done
cat >rules <<END
# what was run 1 is run 2 now

$tmp/run 1/ -> $tmp/run 2
$tmp/run -> $tmp/nowhere
~^(.*/far/file-)([0-9])\$ -> \\12
END
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
ask 'by both kinds of rules' 'run 2/data/file|far/file-2|run 2|run 2/bin/prog|42'
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
slay
# The checkpoint has the new places, and the rules that it is given now.
mv 'run 2' 'other'
mv far near
printf '%s\n' "~^$tmp/run.2(/|\$) -> $tmp/other\\1" "$tmp/far -> $tmp/near" >rules2
crrestart --plugin "pathmap:$tmp/rules2" ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
ask 'other rules' 'other/data/file|near/file-2|other|other/bin/prog|42'
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
slay
timeout "$step" crrestart --map "$tmp/other=$tmp/gone" ckpt/job </dev/null 2>msg
is 104 $? '--map counts as well'
mv other third
crrestart --map "$tmp/other=$tmp/third" ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
ask 'with --map' 'third/data/file|near/file-2|third|third/bin/prog|42'
slay
finish
