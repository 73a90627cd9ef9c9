// SPDX-License-Identifier: Apache-2.0
//
// Duplicates of descriptors, while the job stands still.
#pragma once

struct cr_checkpoint;
struct cr_duplicate;

/* Takes fd; NULL if there is no memory. */
struct cr_duplicate *cr_duplicate_keep(struct cr_checkpoint *c, int fd);
void cr_duplicates_close(struct cr_checkpoint *c);
void cr_duplicates_free(struct cr_checkpoint *c);

/* That there is no descriptor left. */
int cr_duplicates_full(struct cr_checkpoint *c);

/* Whether a restart has numbers for all that the job has open. */
int cr_check_room(struct cr_checkpoint *c);
