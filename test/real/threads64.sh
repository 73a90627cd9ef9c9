#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program of sixty-four computing threads, started by a shell that becomes it.
# options: more=60
exec "$CR_PROGS/thr-compute" "$1"
