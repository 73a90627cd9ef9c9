# SPDX-License-Identifier: Apache-2.0
#
# C from the schemas, by nanopb.

PROTO_NAMES = operation image criu agent control cluster store rsh
PROTO_HDRS = $(PROTO_NAMES:%=proto/%.pb.h)
PROTO_CODE = $(PROTO_NAMES:%=proto/%.pb.c)

proto/%.pb.h proto/%.pb.c: $(top_srcdir)/proto/%.proto $(top_srcdir)/proto/%.options
	$(AM_V_GEN)$(MKDIR_P) proto && $(NANOPB) -q -I $(abs_top_srcdir)/proto \
		-D $(abs_top_builddir)/proto $(abs_top_srcdir)/proto/$*.proto

BUILT_SOURCES += $(PROTO_HDRS) $(PROTO_CODE)
CLEANFILES += $(PROTO_HDRS) $(PROTO_CODE)
