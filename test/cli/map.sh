#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job whose directory, program, library and files are elsewhere at the restart.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v "${CC:-cc}" >/dev/null || skip 'no compiler'
mkdir -p old/bin old/data/sub
cat >lib.c <<END
int answer(void) { return 42; }
END
cat >main.c <<'END'
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
int answer(void);
static int is(const char *link, const char *want)
{
	char got[4096] = "";

	if (readlink(link, got, sizeof(got) - 1) < 0 || strcmp(got, want))
		return fprintf(stderr, "%s is %s, not %s\n", link, got, want);
	return 0;
}
int main(int argc, char **argv)
{
	char want[4096], link[64];
	int file, dir, fifo, gone, far, bad = 0;
	char *map;

	if (chdir("data/sub") || mkfifo("fifo", 0600))
		return 2;
	file = open("../file", O_RDWR);
	far = open("../deeper/file", O_RDONLY);
	dir = open("..", O_RDONLY | O_DIRECTORY);
	fifo = open("fifo", O_RDWR);
	gone = open("gone", O_RDWR | O_CREAT, 0600);
	map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (file < 0 || dir < 0 || fifo < 0 || gone < 0 || far < 0 || map == MAP_FAILED ||
	    write(fifo, "abc", 3) != 3 || write(gone, "gone", 4) != 4 || unlink("gone"))
		return 3;
	map[1] = 'p';
	close(open(argv[1], O_CREAT | O_WRONLY, 0666));
	while (access(argv[2], F_OK))
		usleep(10000);
	snprintf(want, sizeof(want), "%s/data/sub", argv[3]);
	bad |= is("/proc/self/cwd", want);
	snprintf(want, sizeof(want), "%s/bin/prog", argv[3]);
	bad |= is("/proc/self/exe", want);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	snprintf(want, sizeof(want), "%s/data/file", argv[3]);
	bad |= is(link, want);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	snprintf(want, sizeof(want), "%s/data", argv[3]);
	bad |= is(link, want);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fifo);
	snprintf(want, sizeof(want), "%s/data/sub/fifo", argv[3]);
	bad |= is(link, want);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", far);
	snprintf(want, sizeof(want), "%s", argv[4]);
	bad |= is(link, want);
	map[0] = 'q';
	if (pread(gone, want, 9, 0) != 4 || read(fifo, want, 9) != 3 || answer() != 42)
		bad = 1;
	return bad ? 1 : 0;
}
END
if ! ${CC:-cc} -shared -fPIC -o old/bin/libanswer.so lib.c ||
	! ${CC:-cc} -w -o old/bin/prog main.c "$PWD/old/bin/libanswer.so"; then
	skip 'cannot compile'
fi
mkdir old/data/deeper
printf 'file%4096s' '' >old/data/file
echo far >old/data/deeper/file

# begin NEW-ROOT NEW-FAR: what the program will expect
begin() {
	rm -rf ckpt up go old/data/sub
	mkdir old/data/sub
	(cd old && exec crlaunch -n job -d ../ckpt -- ./bin/prog "$tmp/up" "$tmp/go" "$1" "$2") \
		</dev/null >>out 2>>err &
	shepherd=$!
	wait_until "$step" test -e up && await_up || finish
	crctl checkpoint job >/dev/null 2>>err
	is 0 $? 'checkpoint'
	slay
}

begin "$tmp/new" "$tmp/elsewhere/file"
cp -a old new
mv new/data/deeper elsewhere
mv old hidden
timeout "$step" crrestart ckpt/job </dev/null >msg 2>&1
is 104 $? 'without --map'
timeout "$step" crrestart --map "$tmp/old=$tmp/nowhere" ckpt/job </dev/null >msg 2>&1
is 104 $? '--map to what does not exist'
says msg 'nowhere' 'its message names it'
for wrong in "$tmp/old" "old=$tmp/new" "$tmp/old=new"; do
	crrestart --map "$wrong" ckpt/job </dev/null >msg 2>&1
	is 100 $? "--map ${wrong//$tmp/…}"
done
crrestart --map "$tmp/old=$tmp/new" --map "$tmp/old/data/deeper=$tmp/elsewhere" ckpt/job \
	</dev/null >>out 2>>err &
shepherd=$!
await_up || finish
# The next checkpoint has the new places, so needs no --map.
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint in the new place'
slay
: >go
timeout "$step" crrestart ckpt/job </dev/null >>out 2>>err
is 0 $? 'the program found everything in the new place'
is q "$(head -c 1 new/data/file)" 'it wrote there'
is f "$(head -c 1 hidden/data/file)" 'and not in the old place'

# An old name that is only the beginning of another is not meant; a place may be within another.
rm -rf new elsewhere
mv hidden old
begin "$tmp/old" "$tmp/old/data/deeper/file"
: >go
timeout "$step" crrestart --map "$tmp/ol=$tmp/old" ckpt/job </dev/null >>out 2>>err
is 0 $? 'a map of something else changes nothing'
finish
