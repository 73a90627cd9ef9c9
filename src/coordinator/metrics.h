// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's metrics for Prometheus; see metrics.c.
#pragma once

struct co_call;

void co_http_metrics(struct co_call *k);
