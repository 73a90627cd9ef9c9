# SPDX-License-Identifier: Apache-2.0
# The tests: small programs, one for each behaviour, and the scripts that test/run runs.

# test_progs, from the table. In the tree, since Automake reads it before there is a make.
include test/progs.mk
$(srcdir)/test/progs.mk: $(srcdir)/test/progs.table $(srcdir)/test/progs-list
	$(AM_V_GEN)$(srcdir)/test/progs-list <$< >progs.mk.new && \
		{ cmp -s progs.mk.new $@ || cp progs.mk.new $@; } && rm -f progs.mk.new
	@touch -c $@ || :

check_PROGRAMS += $(test_progs) test/prog/mq-unlink test/prog/tcp-outside test/soak/load \
	test/soak/queues test/cli/api test/cli/api-static test/cli/attach \
	test/cli/deny test/cli/forbid \
	test/cli/forge test/cli/in-memory test/cli/older.so \
	test/plugin/fan \
	test/plugin/gpu-user test/plugin/show-env test/plugin/target \
	test/cluster/msgs \
	test/cluster/witness \
	test/cluster/sockets \
	test/cluster/clockjump.so

test_cli_api_static_SOURCES = test/cli/api.c
test_cli_api_static_LDFLAGS = -static
test_cli_forge_CPPFLAGS = $(AM_CPPFLAGS)
test_cli_forge_LDADD = $(TOOL_LIBS)
$(test_cli_forge_OBJECTS): $(PROTO_HDRS)
# Its addresses are the same each time.
test_plugin_target_CFLAGS = $(AM_CFLAGS) -fno-pie
test_plugin_target_LDFLAGS = $(AM_LDFLAGS) -no-pie

# Its functions in place of libc's, for every library.
test_prog_own_libc_LDFLAGS = $(AM_LDFLAGS) -rdynamic
# To find its own functions by name.
test_prog_lock_libc_LDFLAGS = $(AM_LDFLAGS) -rdynamic

# For the rounding modes; all else is in the C library.
test_prog_reg_x87_LDADD = -lm

# A library for daemons, built as a program is.
test_cli_older_so_SOURCES = test/cli/older.c
test_cli_older_so_CFLAGS = -std=gnu11 -Wall -Wextra -O2 -fPIC
test_cli_older_so_LDFLAGS = -shared

test_cluster_clockjump_so_SOURCES = test/cluster/clockjump.c
test_cluster_clockjump_so_CFLAGS = -std=gnu11 -Wall -Wextra -O2 -fPIC
test_cluster_clockjump_so_LDFLAGS = -shared

include test/unit/local.mk

# A server that nothing can be loaded into.
check_PROGRAMS += test/cluster/keeper
test_cluster_keeper_CFLAGS = -std=gnu11 -Wall -Wextra -O2
test_cluster_keeper_LDFLAGS = -static -pthread
test_cluster_keeper_LDADD =

# The coordinator of crnode's own tests.
check_PROGRAMS += test/cluster/peer
test_cluster_peer_LDADD = $(DAEMON_LIBS)
test_cluster_peer_CPPFLAGS = $(AM_CPPFLAGS)
$(test_cluster_peer_OBJECTS): $(PROTO_HDRS)
