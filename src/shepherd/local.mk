# SPDX-License-Identifier: Apache-2.0
#
# Parent of a job's processes: runs checkpoints, answers crctl.

noinst_LIBRARIES += src/libshepherd.a
src_libshepherd_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"' \
	-DPKGLIBDIR='"$(pkglibdir)"'
src_libshepherd_a_SOURCES = \
	src/shepherd/agent_save.c src/shepherd/archive_save.c src/shepherd/backend.h \
	src/shepherd/asks.c src/shepherd/checkpoint.c \
	src/shepherd/cluster.c src/shepherd/cluster.h \
	src/shepherd/cluster_join.c src/shepherd/guard.c src/shepherd/guard.h \
	src/shepherd/corpse.c src/shepherd/duplicates.c src/shepherd/deaths.c \
	src/shepherd/helper.c \
	src/shepherd/control.c src/shepherd/describe.c src/shepherd/program.c \
	src/shepherd/members.c src/shepherd/memory.c \
	src/shepherd/limits.c \
	src/shepherd/namespaces.c src/shepherd/options.c src/shepherd/options.h \
	src/shepherd/plugins.c \
	src/shepherd/run.c src/shepherd/setup.c src/shepherd/shepherd.h src/shepherd/stop.c \
	src/shepherd/pending.c \
	src/shepherd/stages.c src/shepherd/stages.h \
	src/shepherd/trace.c \
	src/shepherd/unblock.c \
	src/shepherd/attributes.c src/shepherd/filters.c src/shepherd/undo.c
