# SPDX-License-Identifier: Apache-2.0
#
# libcairn.so: built by hand because it differs from hosted code in nearly every flag: nothing
# exported but the wrappers, nothing linked but libc, no sanitizer, all symbols bound at load.

AGENT_SRCS = \
	src/preload/agent.c src/preload/apart.c src/preload/api.c src/preload/stop.c \
	src/preload/interrupt.c src/preload/line.c src/preload/pending.c \
	src/preload/describe.c \
	src/preload/writer.c src/preload/resume.c src/preload/wrappers.c \
	src/preload/wrap_accept.c src/preload/wrap_signals.c src/preload/spawn.c \
	src/preload/hash_sse2.c \
	src/preload/wrap_mqueue.c src/preload/watched.c src/preload/filters.c \
	src/preload/environment.c src/preload/undo.c src/preload/hash_avx2.c src/preload/ids.c \
	src/preload/locks.c src/preload/readable.c src/preload/stacks.c src/preload/state.c \
	src/preload/string.c \
	src/preload/popen.c src/preload/wrap_fds.c src/preload/wrap_ids.c \
	src/preload/wrap_io_uring.c src/preload/wrap_locks.c \
	src/preload/wrap_owner.c \
	src/preload/wrap_paths.c src/preload/wrap_siginfo.c src/preload/wrap_syscall.c \
	src/preload/wrap_clocks.c src/preload/wrap_sysv.c \
	src/preload/addresses.c src/preload/wrap_address.c \
	src/common/preload.c src/common/wire.c src/arch/x86_64/decode.c src/arch/x86_64/partial.c

# With unwind tables: who is cancelled in a wrapped call has frames behind it to be cleaned up.
AGENT_CFLAGS = -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-fno-stack-protector -fasynchronous-unwind-tables -ffunction-sections \
	-fdata-sections -fno-builtin-printf -U_FORTIFY_SOURCE -Wall -Wextra \
	-Wno-unused-parameter

# Two segments only: each mapping more makes every fork of the application dearer.
AGENT_LINK = -shared -Wl,-Bsymbolic,-z,now,-z,norelro,-z,noseparate-code,--gc-sections \
	-Wl,-soname,libcairn.so,--exclude-libs,ALL,--hash-style=gnu,-z,defs

AGENT_OBJS = $(AGENT_SRCS:src/%.c=agent/%.o) agent/proto/agent.pb.o agent/proto/image.pb.o
AGENT_COMPILE = $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) \
	$(AGENT_CFLAGS) -MMD -MP

agent/%.o: $(top_srcdir)/src/%.c Makefile | $(PROTO_HDRS)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(AGENT_COMPILE) -c -o $@ $<

agent/proto/%.o: proto/%.c Makefile
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(AGENT_COMPILE) -c -o $@ $<

libcairn.so: $(AGENT_OBJS)
	$(AM_V_CCLD)$(CC) $(AGENT_CFLAGS) $(AGENT_LINK) -o $@ $(AGENT_OBJS) \
		-l:libprotobuf-nanopb.a -l:liblz4.a -ldl

-include $(AGENT_OBJS:.o=.d)

agent_DATA += libcairn.so
CLEANFILES += libcairn.so $(AGENT_OBJS) $(AGENT_OBJS:.o=.d)
