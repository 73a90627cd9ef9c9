// SPDX-License-Identifier: Apache-2.0
//
// A hook, in the process of its plugin.
#pragma once

struct cr_plugin;
struct cr_plugins;

void cr_plugin_serve(const struct cr_plugins *ps, const struct cr_plugin *p, int sock)
	__attribute__((noreturn));
