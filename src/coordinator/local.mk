# SPDX-License-Identifier: Apache-2.0
#
# The course of a checkpoint, for one member or many; the cluster's coordinator.

noinst_LIBRARIES += src/libcoordinator.a
src_libcoordinator_a_SOURCES = \
	src/coordinator/beats.c src/coordinator/cluster.h \
	src/coordinator/courses.c \
	src/coordinator/database.c src/coordinator/database.h \
	src/coordinator/detector.c src/coordinator/detector.h \
	src/coordinator/door.c src/coordinator/door.h \
	src/coordinator/events.c \
	src/coordinator/http.c src/coordinator/http.h \
	src/coordinator/fence.c \
	src/coordinator/images.c \
	src/coordinator/jobs.c \
	src/coordinator/load.c \
	src/coordinator/lease.c src/coordinator/lease.h \
	src/coordinator/members.c \
	src/coordinator/nodes.c \
	src/coordinator/options.c src/coordinator/options.h \
	src/coordinator/phase.c src/coordinator/phase.h \
	src/coordinator/placement.c src/coordinator/placement.h \
	src/coordinator/quota.c \
	src/coordinator/reconcile.c \
	src/coordinator/recovery.c \
	src/coordinator/replies.c \
	src/coordinator/requests.c \
	src/coordinator/server.c \
	src/coordinator/session.c \
	src/coordinator/witnesses.c
