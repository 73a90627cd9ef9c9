// SPDX-License-Identifier: Apache-2.0
//
// The mounts of a restart, cut off from the host's.
#pragma once

#include <stdbool.h>

/* In a mount namespace of our own: nothing that is mounted here shows outside. 0 or -errno. */
int cr_cut_off_mounts(void);

/* Whether the root directory is a folder that nothing is mounted on, as in a plain chroot. */
bool cr_in_chroot(void);
