# SPDX-License-Identifier: Apache-2.0
#
# Connections between the parts of a cluster.

noinst_LIBRARIES += src/libnet.a
src_libnet_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'
src_libnet_a_SOURCES = src/net/frame.h src/net/link.h
