#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The agent calls nothing that a program could have replaced: what libcairn.so leaves to the dynamic
# linker is known by name, each with its reason.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v nm >/dev/null || skip 'no nm'
cat >known <<-END
	dlsym               at load time, before the program runs: finds libc's functions
	__errno_location    only in wrappers, which return as libc does; a thread's own word
	environ             data: the environment that libc has
	__environ           the same
	__rseq_offset       data, constant: where libc's area for restartable sequences is
	__rseq_size         data, constant
	__cxa_finalize      by the compiler's start files, when a library is unloaded
	__gmon_start__      by the compiler's start files, absent
	_ITM_registerTMCloneTable    by the compiler's start files, absent
	_ITM_deregisterTMCloneTable  by the compiler's start files, absent
END
nm -D --undefined-only "$CR_BIN/libcairn.so" | sed 's/.* [Uw] //; s/@.*//' | sort -u >found
[ -s found ]
is 0 $? 'nm reads the library'
awk '{ print $1 }' known | sort | comm -13 - found >more
is '' "$(tr '\n' ' ' <more)" 'what is left to the dynamic linker and not known'

# And it offers wrappers, but none of its own helpers.
nm -D --defined-only "$CR_BIN/libcairn.so" | sed 's/.* [A-Za-z] //; s/@.*//' |
	grep -xE "mem(cpy|move|set|cmp)|str.*|stpcpy|sig(add|del|empty)set|sigismember|\
[cm]alloc|realloc|free|__stack_chk_fail" >more
is '' "$(tr '\n' ' ' <more)" 'exported of what is for the library alone'
finish
