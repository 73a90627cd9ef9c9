# SPDX-License-Identifier: Apache-2.0
# crnode, the daemon of a node: its parts; main is src/tools/crnode.c.

noinst_LIBRARIES += src/libnode.a
src_libnode_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'
src_libnode_a_SOURCES = \
	src/node/address.c src/node/beat.c src/node/beat.h \
	src/node/images.c src/node/known.c src/node/lease.c src/node/local.c \
	src/node/members.c src/node/node.h src/node/options.c src/node/options.h \
	src/node/message.c \
	src/node/requests.c src/node/run.c src/node/start.c src/node/told.c src/node/tree.c \
	src/node/uplink.c src/node/witness.c src/node/witness.h
