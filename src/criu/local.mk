# SPDX-License-Identifier: Apache-2.0
#
# CRIU, an external program: where it is, what it says, and which programs need it.

noinst_LIBRARIES += src/libcriu.a
src_libcriu_a_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBDIR='"$(pkglibdir)"'
src_libcriu_a_SOURCES = src/criu/attach.c src/criu/backend.c src/criu/choose.c \
	src/criu/choose.h src/criu/criu.h src/criu/dump.c src/criu/files.c src/criu/find.c \
	src/criu/find.h src/criu/image.c src/criu/image.h src/criu/log.c src/criu/log.h \
	src/criu/outside.c src/criu/probe.c src/criu/probe.h src/criu/restore.c
nodist_src_libcriu_a_SOURCES = proto/criu.pb.c
