// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's database: SQLite, one file. What is written belongs to one transaction until
// co_db_commit(), which is durable when it returns. A write that fails ends the process: a
// coordinator that cannot keep what it decides must not decide; jobs go on, and the next one to
// start finds what was.
#pragma once

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum co_sql {
	CO_SQL_BEGIN,
	CO_SQL_COMMIT,
	CO_SQL_SET,
	CO_SQL_VALUES,
	CO_SQL_JOB,
	CO_SQL_JOBS,
	CO_SQL_JOB_REMOVE,
	CO_SQL_MEMBER,
	CO_SQL_MEMBERS,
	CO_SQL_MOVE,
	CO_SQL_MOVES,
	CO_SQL_MOVE_REMOVE,
	CO_SQL_COMMAND,
	CO_SQL_COMMAND_SAME,
	CO_SQL_COMMAND_BYTES,
	CO_SQL_COMMAND_GET,
	CO_SQL_NODE,
	CO_SQL_NODES,
	CO_SQL_CHECKPOINT,
	CO_SQL_CHECKPOINTS,
	CO_SQL_CHECKPOINT_REMOVE,
	CO_SQL_SAID,
	CO_SQL_SAID_ALL,
	CO_SQL_EVENT,
	CO_SQL_EVENTS,
	CO_SQL_EVENTS_LAST,
	CO_SQL_EVENTS_TRIM,
	CO_SQL_STATEMENTS,
};

struct co_db;

int co_db_open(const char *path, struct co_db **out, struct cr_err *err);
void co_db_close(struct co_db *db);

/*
 * Runs a statement that writes. types has a letter for each parameter: i int64_t, t text (NULL:
 * null), b bytes (pointer, size_t).
 */
void co_db_write(struct co_db *db, enum co_sql what, const char *types, ...);
void co_db_commit(struct co_db *db);

/* Calls row() for each row. */
void co_db_read(struct co_db *db, enum co_sql what, void (*row)(sqlite3_stmt *s, void *arg),
		void *arg, const char *types, ...);
