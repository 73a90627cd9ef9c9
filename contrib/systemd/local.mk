# SPDX-License-Identifier: Apache-2.0
#
# Units for systemd, installed as examples: an administrator copies them to /etc/systemd/system.

unitdir = $(pkgdatadir)/systemd
unit_DATA = contrib/systemd/crnode.service contrib/systemd/crcoordinator.service
dist_unit_DATA = contrib/systemd/cairn.sysusers

contrib/systemd/%.service: $(top_srcdir)/contrib/systemd/%.service.in
	$(AM_V_GEN)$(MKDIR_P) contrib/systemd && \
		$(SED) -e 's|@bindir[@]|$(bindir)|' $< > $@

CLEANFILES += $(unit_DATA)
