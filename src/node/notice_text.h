// SPDX-License-Identifier: Apache-2.0
//
// What clouds say when they take a machine back, as their metadata services put it. Pure; the texts
// come from the network.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cr_notice {
	int64_t at_ms; /* CLOCK_REALTIME, when the machine ends */
	char what[64];
};

/* Each: whether it says so. now_ms counts where no time is given. */
bool cr_notice_aws(const char *json, int64_t now_ms, struct cr_notice *out);
bool cr_notice_gcp(const char *text, int64_t now_ms, struct cr_notice *out);
/* own: this machine's name there; "": every event is meant. */
bool cr_notice_azure(const char *json, const char *own, int64_t now_ms, struct cr_notice *out);
/* A file: empty, seconds from now_ms on, or an instant (2026-12-31T23:59:59Z). */
bool cr_notice_file(const char *text, int64_t now_ms, struct cr_notice *out);
