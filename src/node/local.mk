# SPDX-License-Identifier: Apache-2.0
# crnode, the daemon of a node: its parts; main is src/tools/crnode.c.

noinst_LIBRARIES += src/libnode.a
src_libnode_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(CURL_CFLAGS) \
	-DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'
src_libnode_a_SOURCES = \
	src/node/beat.c src/node/beat.h \
	src/node/cgroup_limits.c src/node/cgroup_limits.h \
	src/node/drill.c src/node/drill.h src/node/drill_load.c src/node/drill_load.h \
	src/node/gauges.c src/node/gauges.h \
	src/node/known.c src/node/known.h \
	src/node/local.c src/node/local.h \
	src/node/member_tree.c src/node/member_tree.h \
	src/node/message.c src/node/message.h \
	src/node/node.h \
	src/node/node_address.c src/node/node_address.h \
	src/node/node_images.c src/node/node_images.h \
	src/node/node_lease.c src/node/node_lease.h \
	src/node/node_members.c src/node/node_members.h \
	src/node/node_requests.c src/node/node_requests.h \
	src/node/node_run.c src/node/node_run.h \
	src/node/node_options.c src/node/node_options.h \
	src/node/notice.c src/node/notice.h \
	src/node/notice_text.c src/node/notice_text.h \
	src/node/outbox.c src/node/outbox.h \
	src/node/quorum_peer.c src/node/quorum_peer.h \
	src/node/reconcile_member.c src/node/reconcile_member.h \
	src/node/start.c src/node/start.h \
	src/node/telemetry.c src/node/telemetry.h \
	src/node/uplink.c src/node/uplink.h
