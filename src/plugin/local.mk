# SPDX-License-Identifier: Apache-2.0
#
# Plugins: finding, loading and calling them.

noinst_LIBRARIES += src/libplugin.a
src_libplugin_a_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"' \
	-DPKGLIBDIR='"$(pkglibdir)"'
src_libplugin_a_SOURCES = \
	src/plugin/plugin_call.c src/plugin/plugin_call.h src/plugin/course.c src/plugin/course.h \
	src/plugin/list.c src/plugin/list.h src/plugin/plugin.h src/plugin/serve.c \
	src/plugin/serve.h src/plugin/plugin_wire.c src/plugin/plugin_wire.h
