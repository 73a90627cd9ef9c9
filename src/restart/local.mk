# SPDX-License-Identifier: Apache-2.0
#
# From an image to a running job. The restorer is code without surroundings: flags of its own.

noinst_LIBRARIES += src/librestart.a
src_librestart_a_SOURCES = \
	src/restart/sandbox.c src/restart/sandbox.h src/restart/check.c src/restart/check.h \
	src/restart/examine.c src/restart/examine.h src/restart/failure.c src/restart/failure.h \
	src/restart/restart_ids.c src/restart/restart_ids.h src/restart/restart_keys.c \
	src/restart/restart_keys.h \
	src/restart/layout.c src/restart/layout.h \
	src/restart/map.c src/restart/map.h src/restart/restart_pids.c src/restart/restart_pids.h \
	src/restart/aio.c src/restart/aio.h src/restart/births.c src/restart/births.h \
	src/restart/restart_memory.c src/restart/restart_memory.h \
	src/restart/working_directory.c src/restart/working_directory.h \
	src/restart/plan.c src/restart/plan.h src/restart/plan_signals.c \
	src/restart/plan_signals.h src/restart/plan_threads.c src/restart/plan_threads.h \
	src/restart/restart_plugins.c src/restart/restart_plugins.h src/restart/restart.h \
	src/restart/restorer.h \
	src/restart/root.c src/restart/root.h src/restart/restart_tree.c \
	src/restart/restart_tree.h \
	src/restart/vdso.c src/restart/vdso.h
src_librestart_a_LIBADD = src/restart/restorer.o

RESTORER_FLAGS = -std=gnu11 -O2 -g -Wall -Wextra -fPIC -fvisibility=hidden \
	-mgeneral-regs-only -fno-stack-protector -fno-jump-tables \
	-fno-tree-loop-distribute-patterns -fcf-protection=none -fno-asynchronous-unwind-tables \
	-U_FORTIFY_SOURCE

src/restart/restorer.o: $(top_srcdir)/src/restart/restorer.c Makefile | $(PROTO_HDRS)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) \
		$(RESTORER_FLAGS) -MMD -MP -c -o $@ $<

-include src/restart/restorer.d

CLEANFILES += src/restart/restorer.o src/restart/restorer.d
