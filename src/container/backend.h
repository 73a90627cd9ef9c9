// SPDX-License-Identifier: Apache-2.0
//
// Containers as jobs: what the backends podman and runc are made of.
#pragma once

#include "common/err.h"
#include "common/proc.h"
#include "shepherd/stages.h"

struct cr_checkpoint;
struct cr_restart;
struct cr_shepherd;

int cr_podman_probe(struct cr_err *err);
int cr_runc_probe(struct cr_err *err);
int cr_container_attach(struct cr_shepherd *sh, const char *name, struct cr_err *err);
extern const struct cr_stage cr_container_stages[];
void cr_container_kill(struct cr_shepherd *sh);
void cr_container_ended(struct cr_shepherd *sh);
int cr_container_check(struct cr_restart *r, struct cr_err *err);
extern const struct cr_stage cr_container_restart_stages[];
