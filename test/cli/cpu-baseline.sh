#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --cpu-baseline: the dynamic linker and the libraries that are told by the environment pick no
# more of the CPU than that; what the user has set stays; the image says so, after a restart too.
set -u
. "$(dirname "$0")/../soak/common.sh"

loader=/lib64/ld-linux-x86-64.so.2
[ -x $loader ] || skip "no $loader here"
grep -qw avx2 /proc/cpuinfo || skip "a CPU with nothing beyond x86-64-v2"
unset GLIBC_TUNABLES NPY_DISABLE_CPU_FEATURES OPENSSL_ia32cap JAVA_TOOL_OPTIONS OPENBLAS_CORETYPE \
	MKL_ENABLE_INSTRUCTIONS ONEDNN_MAX_CPU_ISA DNNL_MAX_CPU_ISA ATEN_CPU_CAPABILITY

# within LEVEL COMMAND…: what it prints, run as a job that is held to that.
within() {
	local level=$1
	shift
	crlaunch -n "held$((++held))" --cpu-baseline "$level" -- "$@" </dev/null 2>>err
}
held=0

within x86-64-v2 env >v2
is 0 $? 'runs'
says v2 '^GLIBC_TUNABLES=glibc\.cpu\.hwcaps=-AVX,-AVX2,' 'GLIBC_TUNABLES'
says v2 '^NPY_DISABLE_CPU_FEATURES=AVX,.*AVX2' 'NPY_DISABLE_CPU_FEATURES'
says v2 '^OPENSSL_ia32cap=~0x[0-9a-f]+:~0x[0-9a-f]+$' 'OPENSSL_ia32cap'
says v2 '^JAVA_TOOL_OPTIONS=-XX:UseAVX=0 ' 'JAVA_TOOL_OPTIONS'
says v2 '^OPENBLAS_CORETYPE=Nehalem$' 'OPENBLAS_CORETYPE'
says v2 '^MKL_ENABLE_INSTRUCTIONS=SSE4_2$' 'MKL_ENABLE_INSTRUCTIONS'
says v2 '^DNNL_MAX_CPU_ISA=SSE41$' 'DNNL_MAX_CPU_ISA'
says v2 '^ONEDNN_MAX_CPU_ISA=SSE41$' 'ONEDNN_MAX_CPU_ISA'
says v2 '^ATEN_CPU_CAPABILITY=default$' 'ATEN_CPU_CAPABILITY'

# What the linker makes of it: which variants of libraries it looks for, which functions it picks.
if $loader --help | grep -q 'x86-64-v3 (supported, searched)'; then
	within x86-64-v2 $loader --help >help2
	grep -q 'x86-64-v3 (supp' help2
	is 1 $? 'no libraries of the third level'
	says help2 'x86-64-v2 \(supported' 'those of the second'
	within x86-64-v3 $loader --help >help3
	says help3 'x86-64-v3 \(supported' 'those of the third, where it is the third'
	grep -q 'x86-64-v4 (supp' help3
	is 1 $? 'none of the fourth'
else
	echo "skipped in part: this linker does not know levels"
fi

# What the user has set counts.
GLIBC_TUNABLES=glibc.malloc.check=0:glibc.cpu.hwcaps=-ERMS:glibc.malloc.perturb=0 \
	JAVA_TOOL_OPTIONS=-Xmx64m OPENBLAS_CORETYPE=Zen NPY_DISABLE_CPU_FEATURES=AVX2 \
	OPENSSL_ia32cap=~0x1 within x86-64-v2 env >own
is 'GLIBC_TUNABLES=glibc.malloc.check=0:glibc.cpu.hwcaps=-AVX,...,-ERMS:glibc.malloc.perturb=0' \
	"$(sed -n 's/hwcaps=-AVX,.*,-ERMS:/hwcaps=-AVX,...,-ERMS:/; /^GLIBC_TUN/p' own)" \
	'tunables of both'
says own '^JAVA_TOOL_OPTIONS=-XX:UseAVX=0.* -Xmx64m$' 'options of both, the user'\''s last'
is 'NPY_DISABLE_CPU_FEATURES=AVX2 OPENBLAS_CORETYPE=Zen OPENSSL_ia32cap=~0x1' \
	"$(grep -E '^(OPENBLAS|NPY|OPENSSL)' own | sort | paste -sd ' ')" 'others are left alone'
GLIBC_TUNABLES=my.glibc.cpu.hwcaps=1 within x86-64-v2 env >own
says own '^GLIBC_TUNABLES=my.glibc.cpu.hwcaps=1:glibc.cpu.hwcaps=-AVX,' 'the whole name'
CR_CPU_BASELINE=x86-64-v2 crlaunch -n environment -- env >own 2>>err </dev/null
says own '^OPENBLAS_CORETYPE=Nehalem$' 'CR_CPU_BASELINE'
crlaunch -n none -- env </dev/null 2>>err | grep -qE '^(GLIBC_TUNABLES|OPENBLAS|JAVA_TOOL)'
is 1 $? 'nothing without it'

crlaunch --cpu-baseline x86-64-v9 true 2>wrong
is 100 $? 'one that does not exist'
says wrong 'x86-64-v9: there are x86-64-v2, .*znver3' 'with those that there are'

launch_prog counter -d ckpt --cpu-baseline haswell || finish
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
crimage show ckpt/job >shown
says shown '^  cpu  .* held to haswell$' 'crimage show'
crimage show --json ckpt/job >shown
says shown '"baseline": *"haswell"' 'crimage show --json'
slay
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint after a restart'
crimage show ckpt/job >shown
says shown '^  cpu  .* held to haswell$' 'which says so too'
verdict 'and the job goes on to its end'
finish
