#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl without a cluster: what is said when nothing answers, something else does, or it hangs up;
# and what options are refused.
set -u
. "$(dirname "$0")/../lib.sh"
