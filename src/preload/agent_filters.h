// SPDX-License-Identifier: Apache-2.0
//
// Seccomp filters: the kernel shows an installed one to nobody but root.
#pragma once

struct sock_fprog;

void agent_install_filters(void);
long agent_filter_install(long nr, long op, long flags, const struct sock_fprog *prog);
long agent_filter_strict(long nr);
long agent_prctl_seccomp(long mode, const void *prog);
