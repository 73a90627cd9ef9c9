# SPDX-License-Identifier: Apache-2.0
# crnode, the daemon of a node: its parts; main is src/tools/crnode.c.

noinst_LIBRARIES += src/libnode.a
src_libnode_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'
src_libnode_a_SOURCES = \
	src/node/address.c src/node/address.h \
	src/node/beat.c src/node/beat.h \
	src/node/images.c src/node/images.h \
	src/node/known.c src/node/known.h \
	src/node/lease.c src/node/lease.h \
	src/node/local.c src/node/local.h \
	src/node/members.c src/node/members.h \
	src/node/message.c src/node/message.h \
	src/node/node.h \
	src/node/options.c src/node/options.h \
	src/node/outbox.c src/node/outbox.h \
	src/node/quorum_peer.c src/node/quorum_peer.h \
	src/node/reconcile_member.c src/node/reconcile_member.h \
	src/node/requests.c src/node/requests.h \
	src/node/run.c src/node/run.h \
	src/node/start.c src/node/start.h \
	src/node/tree.c src/node/tree.h \
	src/node/uplink.c src/node/uplink.h
