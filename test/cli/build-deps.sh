#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What includes a header is built again when that changes: hosted code, the agent and the restorer.
set -u
. "$(dirname "$0")/../soak/common.sh"

[ -e "$CR_BIN/Makefile" ] || skip 'no build folder'
command -v make >/dev/null || skip 'no make'
make -C "$CR_BIN" -q all 2>/dev/null || skip 'the build is not current'
# again HEADER WHAT: make would make it again, and says so without doing it.
again() {
	local src
	src=$(sed -n 's/^top_srcdir = //p' "$CR_BIN/Makefile" | head -n 1)
	make -C "$CR_BIN" -n -W "$src/$1" all-am >msg 2>&1
	says msg "$2" "a change of $1"
}
again src/common/siginfo.h '-o src/preload/libcairn_so-wrap_siginfo.o'
again src/common/siginfo.h '-o libcairn.so'
again src/arch/x86_64/call.h '-o src/restart/restorer.o'
again src/common/siginfo.h '-o crlaunch'
again src/preload/wrappers.def '-o libcairn.so'
make -C "$CR_BIN" -n all-am >msg 2>&1
is '' "$(grep -E -- '-o (libcairn.so|crlaunch)' msg)" 'nothing without a change'
finish
