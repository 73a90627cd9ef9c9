// SPDX-License-Identifier: Apache-2.0
//
// What is on its way in a pty.
#pragma once

#include "objects/core/object.h"

#define CR_PTY_QUEUE (64 * 1024)

/* What has been written to a pty and not yet been read. */
struct cr_pty_queue {
	char lines[4 * CR_PTY_QUEUE]; /* complete lines for the slave, quoted */
	char tail[CR_PTY_QUEUE]; /* an incomplete line; without canonical mode all there is */
	char raw[CR_PTY_QUEUE]; /* not yet seen by the line discipline */
	char output[CR_PTY_QUEUE]; /* for the master */
	size_t nlines, ntail, nraw, noutput;
	size_t available; /* bytes that FIONREAD tells of when the lines are in */
	bool touched; /* something was taken out, or changed on the way */
};

/*
 * Takes everything out of a pty of which nobody uses either side now, and notes in m how its output
 * is stopped. slave < 0: nobody has it open.
 */
int cr_pty_take(int master, int slave, cairn_Pty *m, struct cr_pty_queue *q);

/* Puts it in again, exactly; then the terminal's modes, its stop and its packet mode are m's. */
int cr_pty_put(int master, int slave, const cairn_Pty *m, const struct cr_pty_queue *q);
