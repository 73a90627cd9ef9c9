// SPDX-License-Identifier: Apache-2.0
//
// What can be done over HTTP; see http_actions.c.
#pragma once

struct co;
struct co_call;

void co_http_act_checkpoint(struct co_call *k);
void co_http_act_migrate(struct co_call *k);
void co_http_act_kill(struct co_call *k);
void co_http_act_restart(struct co_call *k);
void co_http_act_drain(struct co_call *k);
void co_http_act_undrain(struct co_call *k);
void co_http_act_drill(struct co_call *k);

struct co_actions *co_actions_new(struct co *c);
/* After the door, whose visitors wait for them. */
void co_actions_free(struct co_actions *a);
