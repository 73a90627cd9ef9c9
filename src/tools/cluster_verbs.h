// SPDX-License-Identifier: Apache-2.0
//
// crctl's verbs in a cluster: requests to the coordinator, by this node's crnode.
#pragma once

struct cr_ctl;

int cr_ask_list(struct cr_ctl *c);
int cr_ask_status(struct cr_ctl *c);
int cr_ask_checkpoint(struct cr_ctl *c);
int cr_ask_kill(struct cr_ctl *c);
int cr_ask_check(struct cr_ctl *c);
int cr_ask_nodes(struct cr_ctl *c);
int cr_ask_events(struct cr_ctl *c);
int cr_ask_dashboard(struct cr_ctl *c);
int cr_ask_run(struct cr_ctl *c);
int cr_ask_drain(struct cr_ctl *c);
int cr_ask_undrain(struct cr_ctl *c);
int cr_ask_fenced(struct cr_ctl *c);
int cr_ask_restart(struct cr_ctl *c);
int cr_ask_forget(struct cr_ctl *c);
int cr_ask_migrate(struct cr_ctl *c);
