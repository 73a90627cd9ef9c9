# SPDX-License-Identifier: Apache-2.0
#
# Where images lie on a node, and how they get to others.

noinst_LIBRARIES += src/libstore.a
src_libstore_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'
src_libstore_a_SOURCES = src/store/store.h
