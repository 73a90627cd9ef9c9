# SPDX-License-Identifier: Apache-2.0
#
# Plugins: finding, loading and calling them.

noinst_LIBRARIES += src/libplugin.a
src_libplugin_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"' \
	-DPKGLIBDIR='"$(pkglibdir)"'
src_libplugin_a_SOURCES = \
	src/plugin/call.c src/plugin/course.c src/plugin/list.c src/plugin/plugin.h \
	src/plugin/serve.c src/plugin/wire.c
