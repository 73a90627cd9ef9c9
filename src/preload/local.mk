# SPDX-License-Identifier: Apache-2.0
#
# libcairn.so differs from hosted code in nearly every flag: nothing exported but the wrappers,
# nothing linked but libc, no sanitizer, all symbols bound at load.

agent_PROGRAMS += libcairn.so
libcairn_so_SOURCES = \
	src/preload/agent_addresses.c src/preload/agent_addresses.h src/preload/agent.c \
	src/preload/agent.h \
	src/preload/apart.c src/preload/apart.h src/preload/api.c src/preload/api.h \
	src/preload/agent_describe.c src/preload/agent_describe.h src/preload/agent_environment.c \
	src/preload/agent_environment.h src/preload/agent_filters.c src/preload/agent_filters.h \
	src/preload/hash_avx2.c src/preload/hash_avx2.h src/preload/hash_sse2.c \
	src/preload/hash_sse2.h src/preload/agent_ids.c src/preload/agent_ids.h \
	src/preload/interrupt.c \
	src/preload/interrupt.h src/preload/line.c src/preload/line.h src/preload/locks.c \
	src/preload/locks.h src/preload/agent_pending.c src/preload/agent_pending.h \
	src/preload/popen.c \
	src/preload/readable.c src/preload/readable.h src/preload/resume.c src/preload/resume.h \
	src/preload/spawn.c src/preload/stacks.c src/preload/stacks.h src/preload/state.c \
	src/preload/state.h src/preload/agent_stop.c src/preload/agent_stop.h src/preload/string.c \
	src/preload/agent_text.h src/preload/agent_undo.c src/preload/agent_undo.h \
	src/preload/watched.c \
	src/preload/watched.h src/preload/wrap_accept.c src/preload/wrap_address.c \
	src/preload/wrap_address.h src/preload/wrap_clocks.c src/preload/wrap_clocks.h \
	src/preload/wrap_fds.c src/preload/wrap_ids.c src/preload/wrap_ids.h \
	src/preload/wrap_io_uring.c src/preload/wrap_io_uring.h src/preload/wrap_locks.c \
	src/preload/wrap_locks.h src/preload/wrap_mqueue.c src/preload/wrap_mqueue.h \
	src/preload/wrap_owner.c src/preload/wrap_paths.c src/preload/wrap_paths.h \
	src/preload/wrap_siginfo.c src/preload/wrap_siginfo.h src/preload/wrap_signals.c \
	src/preload/wrap_signals.h src/preload/wrap_syscall.c src/preload/wrap_syscall.h \
	src/preload/wrap_sysv.c src/preload/wrap_sysv.h src/preload/wrappers.c \
	src/preload/wrappers.def src/preload/wrappers.h src/preload/writer.c src/preload/writer.h \
	src/arch/x86_64/decode.c src/arch/x86_64/decode.h src/arch/x86_64/partial.c \
	src/arch/x86_64/partial.h src/common/preload.c src/common/preload.h src/common/wire.c \
	src/common/wire.h
nodist_libcairn_so_SOURCES = proto/agent.pb.c proto/image.pb.c

# With unwind tables: who is cancelled in a wrapped call has frames behind it to be cleaned up.
libcairn_so_CFLAGS = -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-fno-stack-protector -fasynchronous-unwind-tables -ffunction-sections \
	-fdata-sections -fno-builtin-printf -U_FORTIFY_SOURCE -Wall -Wextra \
	-Wno-unused-parameter

# Two segments only: each mapping more makes every fork of the application dearer.
libcairn_so_LDFLAGS = -shared -Wl,-Bsymbolic,-z,now,-z,norelro,-z,noseparate-code,--gc-sections \
	-Wl,-soname,libcairn.so,--exclude-libs,ALL,--hash-style=gnu,-z,defs
libcairn_so_LDADD = -l:libprotobuf-nanopb.a -l:liblz4.a -ldl

# What a user has for programs, such as a stack protector, is not for this. (Under a name of its own
# Automake does not take it for a rule.)
AGENT_MADE = $(libcairn_so_OBJECTS) libcairn.so
$(AGENT_MADE): override CFLAGS =
$(AGENT_MADE): override LDFLAGS =
$(AGENT_MADE): override LIBS =
