#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An answer that cannot be written is an error of every command, told in words.
set -u
. "$CR_SOURCE/lib.sh"

