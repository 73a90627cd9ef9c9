# SPDX-License-Identifier: Apache-2.0
# Plugins that come with Cairn: shared objects, built from one file each and include/cairn alone.

plugindir = $(pkglibdir)/plugins
plugin_DATA = plugins/env.so plugins/example.so plugins/gpu.so plugins/pathmap.so

PLUGIN_CFLAGS = -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -Wall -Wextra -Wno-unused-parameter

plugins/%.so: $(top_srcdir)/plugins/%.c include/cairn/plugin.h
	$(AM_V_CCLD)$(MKDIR_P) plugins && $(CC) -I$(top_srcdir)/include -D_GNU_SOURCE $(CPPFLAGS) \
		$(PLUGIN_CFLAGS) -shared -Wl,-z,defs -o $@ $<

cairninclude_HEADERS += include/cairn/plugin.h

CLEANFILES += $(plugin_DATA)
