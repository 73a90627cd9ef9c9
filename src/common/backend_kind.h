// SPDX-License-Identifier: Apache-2.0
//
// What saves a job: as it is asked for, and as it is called.
#pragma once

enum cr_backend_kind {
	CR_BACKEND_UNSAID,
	CR_BACKEND_AUTO, /* the agent where it can be loaded, else CRIU */
	CR_BACKEND_AGENT,
	CR_BACKEND_CRIU,
	CR_BACKEND_PODMAN,
	CR_BACKEND_RUNC,
};

static inline const char *cr_backend_word(enum cr_backend_kind kind)
{
	static const char *const words[] = { "", "auto", "agent", "criu", "podman", "runc" };

	return words[kind];
}
