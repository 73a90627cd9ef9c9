# SPDX-License-Identifier: Apache-2.0
#
# CRIU, an external program: where it is, what it says, and which programs need it.

noinst_LIBRARIES += src/libcriu.a
src_libcriu_a_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBDIR='"$(pkglibdir)"'
src_libcriu_a_SOURCES = \
	src/criu/attach.c src/criu/attach.h src/criu/backend.c src/criu/backend.h \
	src/criu/choose.c src/criu/choose.h src/criu/dump.c src/criu/dump.h src/criu/files.c \
	src/criu/files.h src/criu/find.c src/criu/find.h src/criu/image.c src/criu/image.h \
	src/criu/log.c src/criu/log.h src/criu/outside.c src/criu/outside.h src/criu/probe.c \
	src/criu/probe.h src/criu/restore.c src/criu/restore.h
nodist_src_libcriu_a_SOURCES = proto/criu.pb.c
