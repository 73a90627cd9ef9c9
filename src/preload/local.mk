# SPDX-License-Identifier: Apache-2.0
#
# libcairn.so: built by hand because it differs from hosted code in nearly every flag: nothing
# exported but the wrappers, nothing linked but libc, no sanitizer, all symbols bound at load.

AGENT_SRCS = \
	src/preload/agent.c src/preload/apart.c src/preload/api.c src/preload/stop.c \
	src/preload/interrupt.c src/preload/pending.c \
	src/preload/describe.c \
	src/preload/writer.c src/preload/resume.c src/preload/wrappers.c \
	src/preload/wrap_accept.c src/preload/wrap_signals.c src/preload/spawn.c \
	src/preload/hash_sse2.c \
	src/preload/wrap_mqueue.c src/preload/watched.c src/preload/filters.c \
	src/preload/environment.c src/preload/undo.c src/preload/hash_avx2.c src/preload/ids.c \
	src/preload/locks.c src/preload/stacks.c src/preload/string.c \
	src/preload/popen.c src/preload/wrap_fds.c src/preload/wrap_ids.c \
	src/preload/wrap_io_uring.c src/preload/wrap_locks.c \
	src/preload/wrap_paths.c src/preload/wrap_siginfo.c src/preload/wrap_syscall.c \
	src/preload/wrap_clocks.c src/preload/wrap_sysv.c \
	src/preload/addresses.c src/preload/wrap_address.c \
	src/common/preload.c src/common/wire.c src/arch/x86_64/decode.c src/arch/x86_64/partial.c

AGENT_HDRS = \
	src/preload/addresses.h \
	src/preload/agent.h src/preload/hash.h src/preload/ids.h src/preload/text.h \
	src/preload/wrappers.h src/preload/wrappers.def

# With unwind tables: who is cancelled in a wrapped call has frames behind it to be cleaned up.
AGENT_CFLAGS = -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-fno-stack-protector -fasynchronous-unwind-tables -ffunction-sections \
	-fdata-sections -fno-builtin-printf -U_FORTIFY_SOURCE -Wall -Wextra \
	-Wno-unused-parameter

# Two segments only: each mapping more makes every fork of the application dearer.
AGENT_LINK = -shared -Wl,-Bsymbolic,-z,now,-z,norelro,-z,noseparate-code,--gc-sections \
	-Wl,-soname,libcairn.so,--exclude-libs,ALL,--hash-style=gnu,-z,defs

libcairn.so: $(AGENT_SRCS) $(AGENT_HDRS) $(PROTO_HDRS) \
		src/common/preload.h \
		src/common/accept.h src/common/wire.h src/common/defs.h src/common/pagemap.h \
		src/common/addresses.h src/common/environment.h \
		src/common/agent_config.h src/common/ids.h src/common/wake.h \
		src/arch/x86_64/syscall.h \
		src/arch/x86_64/call.h src/arch/x86_64/decode.h \
		src/arch/x86_64/frame.h src/arch/x86_64/partial.h \
		src/arch/x86_64/rseq.h include/cairn/cairn.h
	$(AM_V_CCLD)$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(AGENT_CFLAGS) \
		$(AGENT_LINK) -o $@ \
		$(addprefix $(top_srcdir)/,$(AGENT_SRCS)) \
		$(top_builddir)/proto/agent.pb.c $(top_builddir)/proto/image.pb.c \
		-l:libprotobuf-nanopb.a -l:liblz4.a -ldl

agent_DATA += libcairn.so
CLEANFILES += libcairn.so
