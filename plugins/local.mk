# SPDX-License-Identifier: Apache-2.0
# Plugins: none yet. They will be built against include/cairn only.

EXTRA_DIST += plugins/README.md
