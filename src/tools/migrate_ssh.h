// SPDX-License-Identifier: Apache-2.0
//
// crctl migrate JOB ssh:HOST[:DIR]; see migrate_ssh.c.
#pragma once

struct cr_ctl;

int cr_local_migrate(struct cr_ctl *c);
