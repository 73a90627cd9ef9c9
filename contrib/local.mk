# SPDX-License-Identifier: Apache-2.0
# The scripts of contrib/ and the program the demonstration checkpoints.

noinst_PROGRAMS += contrib/demo.d/count
contrib_demo_d_count_SOURCES = contrib/demo.d/count.c
# An ordinary program, as a user would have compiled it: never with the sanitizers.
contrib_demo_d_count_CFLAGS = -std=gnu11 -Wall -Wextra -O2 -g
contrib_demo_d_count_LDFLAGS =

# cairn.h for applications: where it is, and how it is used.
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = cairn.pc
examplesdir = $(docdir)/examples
dist_examples_DATA = contrib/examples/api.c contrib/examples/api.cc contrib/examples/api.py

# For who watches a cluster by these.
prometheusdir = $(docdir)/prometheus
dist_prometheus_DATA = contrib/prometheus/prometheus.yml contrib/prometheus/cairn.rules.yml
grafanadir = $(docdir)/grafana
dist_grafana_DATA = contrib/grafana/cairn.json

include contrib/systemd/local.mk
