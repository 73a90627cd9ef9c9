// SPDX-License-Identifier: Apache-2.0
//
// Whether an agent can be loaded into a command. Hosted code; looks at files only.
#include "tools/launch_program.h"

#include <string.h>

#include "common/err.h"
#include "criu/choose.h"

int cr_program_check(const char *command, struct cr_err *err)
{
	struct cr_choice choice;
	int ret = cr_choose(command, &choice, err);

	if (ret || choice.backend == CR_BACKEND_AGENT)
		return ret;
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "%s; --backend criu can save it", choice.why);
}
