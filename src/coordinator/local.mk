# SPDX-License-Identifier: Apache-2.0
#
# The course of a checkpoint, for one member or many; leases, detection, placement.

noinst_LIBRARIES += src/libcoordinator.a
src_libcoordinator_a_SOURCES = \
	src/coordinator/detector.c src/coordinator/detector.h \
	src/coordinator/lease.c src/coordinator/lease.h \
	src/coordinator/phase.c src/coordinator/phase.h \
	src/coordinator/placement.c src/coordinator/placement.h
