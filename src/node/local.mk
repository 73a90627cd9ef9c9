# SPDX-License-Identifier: Apache-2.0
#
# The daemon of a node.

noinst_LIBRARIES += src/libnode.a
src_libnode_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'
src_libnode_a_SOURCES = 
