# SPDX-License-Identifier: Apache-2.0
#
# CRIU, an external program: where it is, what it says, and which programs need it.

noinst_LIBRARIES += src/libcriu.a
src_libcriu_a_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBDIR='"$(pkglibdir)"'
src_libcriu_a_SOURCES = \
	src/criu/criu_attach.c src/criu/criu_attach.h src/criu/criu_backend.c \
	src/criu/criu_backend.h \
	src/criu/choose.c src/criu/choose.h src/criu/dump.c src/criu/dump.h src/criu/criu_files.c \
	src/criu/criu_files.h src/criu/find.c src/criu/find.h src/criu/criu_image.c \
	src/criu/criu_image.h \
	src/criu/log.c src/criu/log.h src/criu/criu_outside.c src/criu/criu_outside.h \
	src/criu/probe.c \
	src/criu/probe.h src/criu/restore.c src/criu/restore.h
nodist_src_libcriu_a_SOURCES = proto/criu.pb.c
