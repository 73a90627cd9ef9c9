# SPDX-License-Identifier: Apache-2.0
#
# Where images lie on a node, and how they get to others.

noinst_LIBRARIES += src/libstore.a
src_libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SSL_CFLAGS)
src_libstore_a_SOURCES = \
	src/store/store_accept.c src/store/store_accept.h src/store/chores.c src/store/chores.h \
	src/store/conn.c src/store/conn.h src/store/internal.h src/store/pieces.c \
	src/store/pieces.h src/store/place.c src/store/place.h src/store/receive.c \
	src/store/receive.h src/store/scrub.c src/store/scrub.h src/store/send.c src/store/send.h \
	src/store/ship.c src/store/ship.h src/store/store.c src/store/store.h \
	src/store/store_verify.c \
	src/store/store_verify.h src/store/work.c src/store/work.h
nodist_src_libstore_a_SOURCES = proto/store.pb.c
