# SPDX-License-Identifier: Apache-2.0
#
# Where images lie on a node, and how they get to others.

noinst_LIBRARIES += src/libstore.a
src_libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SSL_CFLAGS)
src_libstore_a_SOURCES = \
	src/store/accept.c src/store/chores.c src/store/conn.c src/store/internal.h \
	src/store/pieces.c src/store/place.c src/store/receive.c src/store/scrub.c \
	src/store/send.c src/store/ship.c src/store/store.c src/store/store.h src/store/verify.c \
	src/store/work.c
nodist_src_libstore_a_SOURCES = proto/store.pb.c
