#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crimage backtrace of what has no symbols, of other languages, of the vdso, of what has changed;
# where there is gdb, what it finds in the core is the same.
set -u
. "$(dirname "$0")/../soak/common.sh"
here=$top/test/cli

command -v python3 >/dev/null || skip 'no python3'

save() {
	crctl checkpoint job >/dev/null 2>>err
	is 0 $? "$1: checkpoint"
	crimage backtrace --all ckpt/job >bt 2>msg
	is 0 $? "$1: backtrace"
}

# same WHAT PROGRAM MODULE…: gdb finds the same frames, and in the modules the same functions.
same() {
	local what=$1 program=$2
	shift 2
	command -v gdb >/dev/null || return
	crimage core ckpt/job >core && crimage backtrace --json ckpt/job >bt.json
	is 0 $? "$what: core"
	DEBUGINFOD_URLS='' timeout 120 gdb -nx -batch -x "$here/frames.py" "$program" core \
		</dev/null >cored 2>cored.err
	python3 "$here/stacks.py" cored bt.json "$@" >msg 2>&1
	is 0 $? "$what: gdb sees the same: $(head -n 3 msg | cut -c1-900)"
}

# ---- without symbols
if command -v strip >/dev/null && command -v addr2line >/dev/null; then
	mkdir work
	strip -o stripped "$CR_PROGS/core-threads"
	launch -n job -d ckpt -- ./stripped work
	wait_until "$step" ready && await_up || finish
	save 'stripped'
	grep -A14 ' waiter-5$' bt | sed -n 's/.*stripped+\(0x[0-9a-f]*\)).*/\1/p' |
		xargs addr2line -f -e "$CR_PROGS/core-threads" | grep -v / | xargs >names
	says names '^wait_recv arrive ((alpha|beta) )+thread$' 'stripped: places in the module'
	says bt 'read\+0x' 'stripped: libraries have names still'
	same 'stripped' ./stripped
	{ cat stripped; echo; } >other && mv other stripped
	crimage backtrace ckpt/job >bt 2>msg
	is 0 $? 'changed: not a failure'
	says bt 'stripped\+0x[0-9a-f]*, file gone or changed' 'changed: it is said'
	rm stripped
	crimage backtrace ckpt/job >bt 2>msg
	is 0 $? 'missing: not a failure'
	crimage core ckpt/job >core 2>msg
	is 0 $? 'missing: a core without it'
	verdict 'stripped'
	rm -rf ckpt work
fi

# ---- C++
cat >cancel.cc <<'END'
#include <pthread.h>
#include <unistd.h>
static int destroyed;
struct Kept { ~Kept() { destroyed++; } };
static void *thread(void *)
{
	Kept kept;
	for (;;)
		usleep(1000000);
}
int main()
{
	pthread_t t;
	pthread_create(&t, 0, thread, 0);
	usleep(10000);
	pthread_cancel(t);
	pthread_join(t, 0);
	return destroyed != 1;
}
END
if ${CXX:-c++} -o cancel cancel.cc -lpthread 2>/dev/null; then
	crlaunch -n job -d ckpt -- ./cancel </dev/null
	is 0 $? 'C++: whoever is cancelled in a wrapped call is unwound'
fi
cat >main.cc <<'END'
#include <fcntl.h>
#include <functional>
#include <stdexcept>
#include <string>
#include <unistd.h>
namespace outer {
template <typename T> struct Thing {
	virtual ~Thing() = default;
	virtual T __attribute__((noinline)) wait(T n) { while (pause()); return n; }
};
static int __attribute__((noinline)) call(const std::function<int(int)> &f, std::string) {
	return f(1) + 1;
}
static int __attribute__((noinline)) caught() {
	try {
		throw std::runtime_error("x");
	} catch (const std::exception &) {
		Thing<long> t;
		return call([&](int n) { return (int)t.wait(n) + 1; }, "y") + 1;
	}
}
}
int main()
{
	close(open("work/ready", O_CREAT | O_WRONLY, 0666));
	return outer::caught() + 1;
}
END
if ${CXX:-c++} -O1 -g -o cc main.cc 2>/dev/null; then
	mkdir work
	launch -n job -d ckpt -- ./cc
	wait_until "$step" ready && await_up || finish
	save 'C++'
	says bt ' outer::Thing<long>::wait\(long\)\+0x' 'C++: methods and templates'
	says bt ' outer::caught\(\)\+0x' 'C++: below a caught exception'
	same 'C++' ./cc /cc
	slay
	rm -rf ckpt work
fi

# ---- an interpreter
cat >main.py <<'END'
import os, sys
def deep(n, f):
    if n:
        return deep(n - 1, f)
    return max([1], key=lambda x: os.read(f, 1))
r, w = os.pipe()
open("work/ready", "w").close()
deep(20, r)
END
mkdir work
launch -n job -d ckpt -- python3 main.py
wait_until "$step" ready && await_up || finish
save 'python'
[ "$(grep -c '^#' bt)" -ge 8 ]
is 0 $? 'python: frames'
same 'python' "$(crimage backtrace --json ckpt/job | json_value exe)"
slay
rm -rf ckpt work

# ---- the vdso
cat >main.c <<'END'
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
static long __attribute__((noinline)) ask(void)
{
	struct timespec t;
	long n = 0;
	while (clock_gettime(CLOCK_MONOTONIC, &t) == 0)
		n += t.tv_nsec;
	return n;
}
int main(void)
{
	close(open("work/ready", O_CREAT | O_WRONLY, 0666));
	return ask() + 1;
}
END
if ${CC:-cc} -O1 -o asks main.c; then
	mkdir work
	launch -n job -d ckpt -- ./asks
	wait_until "$step" ready && await_up || finish
	for i in $(seq 60); do
		crctl checkpoint job >/dev/null 2>>err
		crimage backtrace ckpt/job >bt
		! grep -q '\[vdso\]' bt || break
	done
	says bt 'clock_gettime.* \(\[vdso\]\+0x' "vdso: a function of it (at try $i)"
	is 1 "$(sed '1,/vdso/d' bt | grep -c ' main+0x')" 'vdso: what has called it'
	same 'vdso' ./asks /asks
	slay
	rm -rf ckpt work
fi

# ---- several processes, and threads without their first one
launch -n job -d ckpt -- sh -c 'mkdir work; touch work/ready; sleep 1000 & sleep 1000; exit 0'
wait_until "$step" ready && await_up || finish
save 'three processes'
is 3 "$(grep -c '^Process ' bt)" 'all of them'
is 1 "$(crimage backtrace ckpt/job | grep -c '^Process ')" 'the first alone'
pid=$(sed -n 's/^Process \([0-9]*\) sleep$/\1/p' bt | head -n 1)
crimage backtrace ckpt/job "$pid" >one
says one "^Process $pid sleep" 'one by its id'
crimage core ckpt/job 1 >core 2>msg
is 101 $? 'one that is not there'
slay
rm -rf ckpt work
launch_prog thr-main-exit -d ckpt || finish
save 'first thread ended'
says bt '^Thread [0-9]+ thr-main-exit, which has ended' 'it is said'
same 'first thread ended' "$CR_PROGS/thr-main-exit" thr-main-exit
verdict 'first thread ended'
finish
