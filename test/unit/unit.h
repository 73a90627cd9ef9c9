// SPDX-License-Identifier: Apache-2.0
//
// Shared by the unit tests: the suites, a directory of the test's own, comparing messages.
#pragma once

#include <check.h>

#include "common/err.h"
#include "common/image.h"
#include "sample.h"

TCase *unit_image(void);
TCase *unit_archive(void);
TCase *unit_damage(void);
TCase *unit_wire(void);
TCase *unit_proc(void);
TCase *unit_restart(void);
TCase *unit_stages(void);
TCase *unit_options(void);
TCase *unit_json(void);
TCase *unit_common(void);
TCase *unit_criu(void);
TCase *unit_criu_log(void);
TCase *unit_choose(void);
TCase *unit_store_ship(void);
TCase *unit_store_keep(void);
TCase *unit_store_peer(void);
TCase *unit_lease(void);
TCase *unit_placement(void);
TCase *unit_evacuate(void);
TCase *unit_net(void);
TCase *unit_net_attack(void);
TCase *unit_net_trust(void);

/* A fresh directory, made by unit_setup, removed with all in it by unit_teardown or at the end. */
extern char unit_dir[64];
void unit_setup(void);
void unit_teardown(void);

/* Fails the test unless both messages encode to the same bytes. */
void unit_same(const pb_msgdesc_t *type, const void *a, const void *b);

/* How many descriptors this process has open. */
int unit_open_fds(void);

/* Fails the test unless the error has that status and its text has the words. */
void unit_refused(int ret, const struct cr_err *err, int status, const char *words);
