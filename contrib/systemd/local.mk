# SPDX-License-Identifier: Apache-2.0
#
# Units for systemd where it looks for them below any usual prefix (/usr, /usr/local), the user that
# the coordinator runs as, and samples of the two files with their options.

unitdir = $(systemdsystemunitdir)
unit_DATA = contrib/systemd/crnode.service contrib/systemd/crcoordinator.service
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = contrib/systemd/cairn.conf
sampledir = $(sysconfdir)/cairn
dist_sample_DATA = contrib/systemd/crnode.env.sample contrib/systemd/crcoordinator.env.sample

contrib/systemd/%.service: $(top_srcdir)/contrib/systemd/%.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib/systemd && \
		$(SED) -e 's|@bindir[@]|$(bindir)|' -e 's|@sysconfdir[@]|$(sysconfdir)|' $< > $@

CLEANFILES += $(unit_DATA)
