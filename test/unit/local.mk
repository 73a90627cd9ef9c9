# SPDX-License-Identifier: Apache-2.0
# The unit tests, by Check, one program; and what the fuzzer shares with them.

if HAVE_CHECK
check_PROGRAMS += test/unit/unit

test_unit_unit_SOURCES = \
	test/unit/archive.c test/unit/choose.c test/unit/common.c \
	test/unit/criu.c test/unit/criu_log.c \
	test/unit/damage.c test/unit/evacuate.c \
	test/unit/image.c test/unit/json.c test/unit/lease.c \
	test/unit/net.h test/unit/net_attack.c test/unit/net_ends.c test/unit/net_links.c \
	test/unit/net_trust.c test/unit/options.c \
	test/unit/placement.c \
	test/unit/proc.c test/unit/restart.c test/unit/sample.c test/unit/sample.h \
	test/unit/stages.c \
	test/unit/store_keep.c test/unit/store_lab.c test/unit/store_lab.h \
	test/unit/store_peer.c test/unit/store_ship.c \
	test/unit/unit.c test/unit/unit.h test/unit/wire.c
test_unit_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/test/unit $(CHECK_CFLAGS)
test_unit_unit_LDADD = src/librestart.a src/libstore.a src/libnet.a $(TOOL_LIBS) $(NET_LIBS) \
	$(CHECK_LIBS)

$(test_unit_unit_OBJECTS): $(PROTO_HDRS)

# A coordinator among nodes that the test plays; it is made to die at each write and message.
check_PROGRAMS += test/unit/coordinator
test_unit_coordinator_SOURCES = test/unit/coordinator.c test/unit/fake_cluster.c \
	test/unit/fake_cluster.h test/unit/node_reconcile.c test/unit/reconcile.c \
	test/unit/notice.c test/unit/reconcile.h test/unit/telemetry.c
test_unit_coordinator_CPPFLAGS = $(test_unit_unit_CPPFLAGS)
test_unit_coordinator_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=cr_link_send,--wrap=cr_link_send_shared,--wrap=sqlite3_step \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
test_unit_coordinator_LDADD = $(crnode_LDADD) $(crcoordinator_LDADD) $(CHECK_LIBS)
$(test_unit_coordinator_OBJECTS): $(PROTO_HDRS)

check-unit: test/unit/unit$(EXEEXT) test/unit/coordinator$(EXEEXT)
	@test/unit/unit$(EXEEXT)
	@test/unit/coordinator$(EXEEXT)
else
check-unit:
	@echo "check-unit: the library Check was not found by configure"
	@echo "0 passed, 0 failed, 1 skipped"
endif

.PHONY: check-unit
include test/fuzz/local.mk
