# SPDX-License-Identifier: Apache-2.0
#
# The cluster's coordinator.

noinst_LIBRARIES += src/libcoordinator.a
src_libcoordinator_a_SOURCES = \
	src/coordinator/beats.c src/coordinator/beats.h \
	src/coordinator/coordinator.h \
	src/coordinator/database.c src/coordinator/database.h \
	src/coordinator/deadline.c src/coordinator/deadline.h \
	src/coordinator/detector.c src/coordinator/detector.h \
	src/coordinator/door.c src/coordinator/door.h \
	src/coordinator/drills.c src/coordinator/drills.h \
	src/coordinator/evacuate.c src/coordinator/evacuate.h \
	src/coordinator/evacuate_policy.c src/coordinator/evacuate_policy.h \
	src/coordinator/events.c src/coordinator/events.h \
	src/coordinator/fence.c src/coordinator/fence.h \
	src/coordinator/hurry.c src/coordinator/hurry.h \
	src/coordinator/http.c src/coordinator/http.h \
	src/coordinator/http_actions.c src/coordinator/http_actions.h \
	src/coordinator/http_address.c src/coordinator/http_address.h \
	src/coordinator/http_call.c src/coordinator/http_call.h \
	src/coordinator/http_files.c src/coordinator/http_files.h \
	src/coordinator/http_rows.c src/coordinator/http_rows.h \
	src/coordinator/http_session.c src/coordinator/http_session.h \
	src/coordinator/http_stream.c src/coordinator/http_stream.h \
	src/coordinator/images.c src/coordinator/images.h \
	src/coordinator/job_pace.c src/coordinator/job_pace.h \
	src/coordinator/jobs.c src/coordinator/jobs.h \
	src/coordinator/leases.c src/coordinator/leases.h \
	src/coordinator/load.c src/coordinator/load.h \
	src/coordinator/members.c src/coordinator/members.h \
	src/coordinator/move.c src/coordinator/move.h \
	src/coordinator/move_places.c src/coordinator/move_places.h \
	src/coordinator/node_trend.c src/coordinator/node_trend.h \
	src/coordinator/metrics.c src/coordinator/metrics.h \
	src/coordinator/nodes.c src/coordinator/nodes.h \
	src/coordinator/operations.c src/coordinator/operations.h \
	src/coordinator/coordinator_options.c src/coordinator/coordinator_options.h \
	src/coordinator/outlook.c src/coordinator/outlook.h \
	src/coordinator/placement.c src/coordinator/placement.h \
	src/coordinator/prevention.c src/coordinator/prevention.h \
	src/coordinator/protection.c src/coordinator/protection.h \
	src/coordinator/question.c src/coordinator/question.h \
	src/coordinator/quorum.c src/coordinator/quorum.h \
	src/coordinator/quota.c src/coordinator/quota.h \
	src/coordinator/reconcile.c src/coordinator/reconcile.h \
	src/coordinator/recovery.c src/coordinator/recovery.h \
	src/coordinator/replies.c src/coordinator/replies.h \
	src/coordinator/requests.c src/coordinator/requests.h \
	src/coordinator/routes.def \
	src/coordinator/rows.c src/coordinator/rows.h \
	src/coordinator/server.c src/coordinator/server.h \
	src/coordinator/session.c src/coordinator/session.h \
	src/coordinator/sign_in.c src/coordinator/sign_in.h \
	src/coordinator/tally.c src/coordinator/tally.h \
	src/coordinator/telemetry.c src/coordinator/telemetry.h \
	src/coordinator/trend.c src/coordinator/trend.h
src_libcoordinator_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/src \
	-DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'

# Files as they are, for http_files.c.
EMBED = mkdir -p src/coordinator && od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' >$@.new && \
	mv $@.new $@

src/coordinator/openapi.inc: $(top_srcdir)/doc/openapi.json
	@$(EMBED)

# The page.
PAGE = index.html icon.svg page.css act.js api.js chart.js dom.js events.js jobs.js nodes.js \
	page.js table.js units.js
PAGE_FILES = $(PAGE:%=$(top_srcdir)/src/coordinator/page/%)
src/coordinator/page.inc: $(PAGE_FILES) $(top_srcdir)/src/coordinator/page/embed
	@mkdir -p src/coordinator && \
		$(top_srcdir)/src/coordinator/page/embed $(PAGE_FILES) >$@.new && mv $@.new $@

BUILT_SOURCES += src/coordinator/openapi.inc src/coordinator/page.inc
CLEANFILES += src/coordinator/openapi.inc src/coordinator/page.inc
