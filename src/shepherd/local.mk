# SPDX-License-Identifier: Apache-2.0
#
# Parent of a job's processes: runs checkpoints, answers crctl.

noinst_LIBRARIES += src/libshepherd.a
src_libshepherd_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"' \
	-DPKGLIBDIR='"$(pkglibdir)"'
src_libshepherd_a_SOURCES = \
	src/shepherd/agent_save.c src/shepherd/agent_save.h src/shepherd/archive_save.c \
	src/shepherd/archive_save.h src/shepherd/backend.h \
	src/shepherd/asks.c src/shepherd/asks.h src/shepherd/checkpoint.c \
	src/shepherd/checkpoint.h \
	src/shepherd/cluster_link.c src/shepherd/cluster_link.h \
	src/shepherd/cluster_join.c src/shepherd/cluster_join.h \
	src/shepherd/guard.c src/shepherd/guard.h \
	src/shepherd/corpse.c src/shepherd/corpse.h src/shepherd/duplicates.c \
	src/shepherd/duplicates.h src/shepherd/deaths.c src/shepherd/deaths.h \
	src/shepherd/helper.c src/shepherd/helper.h \
	src/shepherd/control.c src/shepherd/control.h src/shepherd/describe.c \
	src/shepherd/describe.h src/shepherd/program.c src/shepherd/program.h \
	src/shepherd/processes.c src/shepherd/processes.h src/shepherd/memory.c \
	src/shepherd/memory.h \
	src/shepherd/limits.c src/shepherd/limits.h \
	src/shepherd/namespaces.c src/shepherd/namespaces.h src/shepherd/options.c \
	src/shepherd/options.h \
	src/shepherd/plugins.c src/shepherd/plugins.h \
	src/shepherd/interval.c src/shepherd/interval.h \
	src/shepherd/schedule.c src/shepherd/schedule.h \
	src/shepherd/safety.c src/shepherd/safety.h \
	src/shepherd/run.c src/shepherd/run.h src/shepherd/setup.c src/shepherd/setup.h \
	src/shepherd/shepherd.h src/shepherd/stop.c src/shepherd/stop.h \
	src/shepherd/pending.c src/shepherd/pending.h src/shepherd/pids.c src/shepherd/pids.h \
	src/shepherd/stages.c src/shepherd/stages.h \
	src/shepherd/trace.c src/shepherd/trace.h \
	src/shepherd/unblock.c src/shepherd/unblock.h \
	src/shepherd/attributes.c src/shepherd/attributes.h src/shepherd/filters.c \
	src/shepherd/filters.h src/shepherd/undo.c src/shepherd/undo.h \
	src/shepherd/stop_seen.c src/shepherd/stop_seen.h
