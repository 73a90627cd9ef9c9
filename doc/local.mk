# SPDX-License-Identifier: Apache-2.0
# The manual pages.

dist_doc_DATA += README.md SECURITY.md CONTRIBUTING.md CHANGELOG.md doc/openapi.json
dist_doc_DATA += doc/ARCHITECTURE.md doc/CLUSTER.md doc/OPERATING.md doc/CONTAINERS.md \
	doc/FAILURE.md doc/GLOSSARY.md \
	doc/KERNELS.md doc/IMAGE.md doc/PERFORMANCE.md doc/page.png

dist_man_MANS += \
	doc/man/crlaunch.1 \
	doc/man/crctl.1 \
	doc/man/crimage.1 \
	doc/man/crrestart.1 \
	doc/man/crcoordinator.8 \
	doc/man/crnode.8 \
	doc/man/crrsh.1 \
	doc/man/cairn.7 \
	doc/man/cairn_checkpoint.3 \
	doc/man/cairn-exit-codes.7 \
	doc/man/cairn-plugin.7 \
	doc/man/cairn-environment.7

# One page is of all functions of cairn.h.
install-data-hook:
	@cd '$(DESTDIR)$(man3dir)' && \
	for name in disable enable restarts await_restart job error; do \
		ln -sf cairn_checkpoint.3 cairn_$$name.3; \
	done

uninstall-hook:
	@for name in disable enable restarts await_restart job error; do \
		rm -f '$(DESTDIR)$(man3dir)'/cairn_$$name.3; \
	done

# Renders every page and stops at what groff warns of.
check-man:
	@for page in $(dist_man_MANS); do \
		groff -mandoc -Tutf8 -ww -z $(top_srcdir)/$$page || exit 1; \
	done

.PHONY: check-man
