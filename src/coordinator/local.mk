# SPDX-License-Identifier: Apache-2.0
#
# The cluster's coordinator.

noinst_LIBRARIES += src/libcoordinator.a
src_libcoordinator_a_SOURCES = \
	src/coordinator/beats.c src/coordinator/beats.h \
	src/coordinator/coordinator.h \
	src/coordinator/database.c src/coordinator/database.h \
	src/coordinator/deadline.c src/coordinator/deadline.h \
	src/coordinator/detector.c src/coordinator/detector.h \
	src/coordinator/door.c src/coordinator/door.h \
	src/coordinator/evacuate.c src/coordinator/evacuate.h \
	src/coordinator/evacuate_policy.c src/coordinator/evacuate_policy.h \
	src/coordinator/events.c src/coordinator/events.h \
	src/coordinator/fence.c src/coordinator/fence.h \
	src/coordinator/hurry.c src/coordinator/hurry.h \
	src/coordinator/http.c src/coordinator/http.h \
	src/coordinator/images.c src/coordinator/images.h \
	src/coordinator/jobs.c src/coordinator/jobs.h \
	src/coordinator/leases.c src/coordinator/leases.h \
	src/coordinator/load.c src/coordinator/load.h \
	src/coordinator/members.c src/coordinator/members.h \
	src/coordinator/move.c src/coordinator/move.h \
	src/coordinator/move_places.c src/coordinator/move_places.h \
	src/coordinator/node_trend.c src/coordinator/node_trend.h \
	src/coordinator/nodes.c src/coordinator/nodes.h \
	src/coordinator/operations.c src/coordinator/operations.h \
	src/coordinator/coordinator_options.c src/coordinator/coordinator_options.h \
	src/coordinator/outlook.c src/coordinator/outlook.h \
	src/coordinator/placement.c src/coordinator/placement.h \
	src/coordinator/prevention.c src/coordinator/prevention.h \
	src/coordinator/quorum.c src/coordinator/quorum.h \
	src/coordinator/quota.c src/coordinator/quota.h \
	src/coordinator/reconcile.c src/coordinator/reconcile.h \
	src/coordinator/recovery.c src/coordinator/recovery.h \
	src/coordinator/replies.c src/coordinator/replies.h \
	src/coordinator/requests.c src/coordinator/requests.h \
	src/coordinator/server.c src/coordinator/server.h \
	src/coordinator/session.c src/coordinator/session.h \
	src/coordinator/telemetry.c src/coordinator/telemetry.h \
	src/coordinator/trend.c src/coordinator/trend.h
