// SPDX-License-Identifier: Apache-2.0
//
// Registers from a thread's signal frame. The frame lies in the saved memory, where the kernel put
// it; what the agent has changed in it for the way back is undone. Runs in: crimage.
#include "arch/x86_64/regset.h"
#include "common/err.h"
#include "inspect/inspect_memory.h"
#include "inspect/registers.h"

#include <string.h>

int cr_registers_read(struct cr_memory *m, const cairn_Thread *t, struct cr_regset *out,
		      struct cr_err *err)
{
	unsigned char code[CR_CODE_BYTES];
	struct cr_partial_note note;
	struct cr_frame_bytes frame;
	struct cr_err ignored = { 0 };
	int ret = cr_memory_read(m, t->frame, &frame, sizeof(frame), err);

	memset(out, 0, sizeof(*out));
	if (ret)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "registers of thread %d", t->tid);
	cr_regset_general(&frame, t, out);
	if (out->fpstate) {
		ret = cr_memory_read(m, out->fpstate, out->state, CR_FXSAVE_BYTES, err);
		out->xsave = ret ? 0 : cr_regset_xsave_size(out->state);
		if (!ret && out->xsave)
			ret = cr_memory_read(m, out->fpstate, out->state, out->xsave, err);
		if (ret)
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "vector registers of thread %d",
				       t->tid);
		cr_regset_state(out);
	}
	if (!cr_memory_read(m, out->general.rip, code, sizeof(code), &ignored) &&
	    cr_regset_undo(out, code) &&
	    !cr_memory_read(m, out->general.rsp, &note, sizeof(note), &ignored))
		cr_regset_undo_partial(out, &note);
	return 0;
}
