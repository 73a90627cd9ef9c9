# SPDX-License-Identifier: Apache-2.0
# The programs of `make bench`; bench/run calls them and makes the table.

bench_progs = bench/job bench/crowd bench/drive bench/calls bench/pair bench/ship

EXTRA_PROGRAMS += $(bench_progs)
CLEANFILES += $(bench_progs)

# Ordinary programs, as a user would have compiled them: never with the sanitizers.
BENCH_CFLAGS = -std=gnu11 -Wall -Wextra -O2 -g
bench_job_SOURCES = bench/job.c bench/board.h
bench_job_CFLAGS = $(BENCH_CFLAGS)
bench_job_LDFLAGS =
bench_crowd_SOURCES = bench/crowd.c bench/board.h
bench_crowd_CFLAGS = $(BENCH_CFLAGS)
bench_crowd_LDFLAGS =
bench_drive_SOURCES = bench/drive.c bench/board.h
bench_drive_CFLAGS = $(BENCH_CFLAGS)
bench_drive_LDFLAGS =
bench_calls_SOURCES = bench/calls.c
bench_calls_CFLAGS = $(BENCH_CFLAGS)
bench_calls_LDFLAGS = -pthread
bench_pair_SOURCES = bench/pair.c
bench_pair_CFLAGS = $(BENCH_CFLAGS)
bench_pair_LDFLAGS =

# Of Cairn's own parts.
bench_ship_SOURCES = bench/ship.c
bench_ship_LDADD = src/libstore.a $(NET_LIBS) src/libcommon.a $(NANOPB_LIBS) $(LZ4_LIBS) \
	$(XXHASH_LIBS) $(ELF_LIBS) -lpthread

# Links a thousand simulated nodes with a coordinator.
check_PROGRAMS += bench/nodes
bench_nodes_SOURCES = bench/nodes.c
bench_nodes_CFLAGS = $(BENCH_CFLAGS) -Wno-unused-parameter $(EVENT_CFLAGS) $(SSL_CFLAGS)
bench_nodes_LDADD = src/libnet.a src/libcommon.a $(NET_LIBS) $(NANOPB_LIBS) $(LZ4_LIBS) \
	$(XXHASH_LIBS) $(ELF_LIBS)
$(bench_nodes_OBJECTS): $(PROTO_HDRS)

bench: $(bench_progs)
bench-cluster: bench/ship
