#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program with four gibibytes of touched memory.
# options: big more=600
exec "$CR_PROGS/mem-4g" "$1"
