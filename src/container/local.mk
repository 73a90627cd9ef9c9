# SPDX-License-Identifier: Apache-2.0
#
# Containers as jobs, by the commands of their runtimes.

noinst_LIBRARIES += src/libcontainer.a
src_libcontainer_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
src_libcontainer_a_SOURCES = \
	src/container/command.c src/container/command.h src/container/container.c \
	src/container/container.h src/container/podman.c src/container/podman.h \
	src/container/container_restart.c src/container/container_restart.h \
	src/container/runc.c src/container/runc.h
