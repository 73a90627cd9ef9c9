# SPDX-License-Identifier: Apache-2.0
#
# The course of a checkpoint, for one member or many.

noinst_LIBRARIES += src/libcoordinator.a
src_libcoordinator_a_SOURCES = src/coordinator/phase.c src/coordinator/phase.h
