// SPDX-License-Identifier: Apache-2.0
//
// SQLite with a write-ahead log, synced at each commit; statements are prepared once.
#include "coordinator/database.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/defs.h"
#include "common/xalloc.h"

#define SCHEMA_VERSION 4

struct co_db {
	sqlite3 *db;
	bool open; /* a transaction */
	sqlite3_stmt *s[CO_SQL_STATEMENTS];
};

static const char schema[] =
	"CREATE TABLE cluster(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE jobs(id INTEGER PRIMARY KEY, name TEXT, uid, gid, command TEXT, state, after,"
	" why TEXT, last_error TEXT, epoch, courses, number, restarts, tries, began_at, status,"
	" stall_ns, wall_ns, policy BLOB);"
	/* home: it is being moved, and was there before */
	"CREATE TABLE members(job INTEGER, member INTEGER, node TEXT, epoch, life, added, status,"
	" home TEXT, PRIMARY KEY(job, member)) WITHOUT ROWID;"
	/*
	 * what a member is started with: arguments, environment, directory; with arguments -1 it is
	 * what the member of the number in options is started with
	 */
	"CREATE TABLE commands(job INTEGER, member INTEGER, arguments, options, payload BLOB,"
	" PRIMARY KEY(job, member));"
	"CREATE TABLE nodes(name TEXT PRIMARY KEY, boot_id TEXT, store_id, draining, address TEXT,"
	" back_ms) WITHOUT ROWID;"
	/* members: their numbers, four bytes each */
	"CREATE TABLE checkpoints(job INTEGER, number INTEGER, state, purpose, at, members BLOB,"
	" stall_ns, wall_ns, PRIMARY KEY(job, number));"
	/* that are on; instants of CLOCK_BOOTTIME */
	"CREATE TABLE moves(job INTEGER PRIMARY KEY, stage, member, target TEXT, number, why TEXT,"
	" stopped_ms, saved_ms, started_ms, status, error TEXT);"
	/* the step from which there is no way back, and what was told to all then */
	"CREATE TABLE said(job INTEGER PRIMARY KEY, course, step INTEGER, payload BLOB);"
	"CREATE TABLE events(id INTEGER PRIMARY KEY, at, kind TEXT, job INTEGER, uid, name TEXT,"
	" node TEXT, member, text TEXT);";

/* From each version to the next. */
static const char *const migrations[SCHEMA_VERSION] = {
	/* steps had names, and what an operation is for numbers of the coordinator's own */
	[1] = "UPDATE checkpoints SET purpose ="
	      " CASE purpose WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 5 END;"
	      "ALTER TABLE said RENAME TO said_1;"
	      "CREATE TABLE said(job INTEGER PRIMARY KEY, course, step INTEGER, payload BLOB);"
	      "INSERT INTO said SELECT job, course,"
	      " CASE step WHEN 'saved' THEN 4 WHEN 'ready' THEN 9 ELSE 0 END, payload FROM said_1;"
	      "DROP TABLE said_1;",
	[2] = "ALTER TABLE members ADD COLUMN home TEXT;"
	      "CREATE TABLE moves(job INTEGER PRIMARY KEY, stage, member, target TEXT, number,"
	      " why TEXT, stopped_ms, saved_ms, started_ms, status, error TEXT);"
	      /* one that a drain is in the middle of */
	      "INSERT OR REPLACE INTO moves SELECT job, 2, -2, '', number,"
	      " 'moved off a node that is drained', 0, 0, 0, 0, '' FROM checkpoints"
	      " WHERE purpose = 5 AND state = 1;",
	/* how long each checkpoint took */
	[3] = "ALTER TABLE checkpoints ADD COLUMN stall_ns;"
	      "ALTER TABLE checkpoints ADD COLUMN wall_ns;",
};

static const char *const statements[CO_SQL_STATEMENTS] = {
	[CO_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[CO_SQL_COMMIT] = "COMMIT",
	[CO_SQL_SET] = "INSERT OR REPLACE INTO cluster VALUES(?, ?)",
	[CO_SQL_VALUES] = "SELECT key, value FROM cluster",
	[CO_SQL_JOB] = "INSERT OR REPLACE INTO jobs VALUES"
		       "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[CO_SQL_JOBS] = "SELECT * FROM jobs ORDER BY id",
	[CO_SQL_JOB_REMOVE] = "DELETE FROM jobs WHERE id = ?",
	[CO_SQL_MEMBER] = "INSERT OR REPLACE INTO members VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
	[CO_SQL_MEMBERS] = "SELECT m.*, EXISTS(SELECT 1 FROM commands c WHERE c.job = m.job AND"
			   " c.member = m.member) FROM members m ORDER BY m.job, m.member",
	[CO_SQL_MOVE] = "INSERT OR REPLACE INTO moves VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[CO_SQL_MOVES] = "SELECT * FROM moves",
	[CO_SQL_MOVE_REMOVE] = "DELETE FROM moves WHERE job = ?",
	[CO_SQL_COMMAND] = "INSERT OR REPLACE INTO commands VALUES(?, ?, ?, ?, ?)",
	[CO_SQL_COMMAND_SAME] = "INSERT OR REPLACE INTO commands VALUES(?, ?, -1, ?, NULL)",
	[CO_SQL_COMMAND_BYTES] = "SELECT job, coalesce(sum(length(payload)), 0) FROM commands"
				 " GROUP BY job",
	[CO_SQL_COMMAND_GET] = "SELECT c.arguments, c.options, c.payload, c.member FROM commands m"
			       " JOIN commands c ON c.job = m.job AND c.member ="
			       " CASE m.arguments WHEN -1 THEN m.options ELSE m.member END"
			       " WHERE m.job = ? AND m.member = ?",
	[CO_SQL_NODE] = "INSERT OR REPLACE INTO nodes VALUES(?, ?, ?, ?, ?, ?)",
	[CO_SQL_NODES] = "SELECT * FROM nodes",
	[CO_SQL_CHECKPOINT] = "INSERT OR REPLACE INTO checkpoints VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
	[CO_SQL_CHECKPOINTS] = "SELECT * FROM checkpoints ORDER BY job, number",
	[CO_SQL_CHECKPOINT_REMOVE] = "DELETE FROM checkpoints WHERE job = ? AND number = ?",
	[CO_SQL_SAID] = "INSERT OR REPLACE INTO said VALUES(?, ?, ?, ?)",
	[CO_SQL_SAID_ALL] = "SELECT * FROM said",
	[CO_SQL_EVENT] = "INSERT INTO events VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[CO_SQL_EVENTS] = "SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?",
	[CO_SQL_EVENTS_LAST] = "SELECT coalesce(max(id), 0) FROM events",
	[CO_SQL_EVENTS_TRIM] = "DELETE FROM events WHERE id <= ?",
};

static int database_number(sqlite3 *db, const char *sql, int *out)
{
	sqlite3_stmt *s;
	int ret = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (ret)
		return ret;
	ret = sqlite3_step(s);
	if (ret == SQLITE_ROW)
		*out = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return ret == SQLITE_ROW || ret == SQLITE_DONE ? 0 : ret;
}

/* As a whole, or not at all. */
static int make_tables(sqlite3 *db, int version)
{
	int ret = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	char set[64];

	if (!ret && !version)
		ret = sqlite3_exec(db, schema, NULL, NULL, NULL);
	for (; !ret && version && version < SCHEMA_VERSION; version++)
		ret = sqlite3_exec(db, migrations[version], NULL, NULL, NULL);
	snprintf(set, sizeof(set), "PRAGMA user_version=%d; COMMIT", SCHEMA_VERSION);
	return ret ? ret : sqlite3_exec(db, set, NULL, NULL, NULL);
}

static int database_prepare(struct co_db *db, const char *path, struct cr_err *err)
{
	int version = 0, ret, i;

	ret = sqlite3_exec(db->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", NULL, NULL,
			   NULL);
	if (!ret)
		ret = database_number(db->db, "PRAGMA user_version", &version);
	if (!ret && version > SCHEMA_VERSION)
		return cr_fail(err, CR_EXIT_FORMAT, 0,
			       "%s is of a newer crcoordinator (schema %d, ours is %d)", path,
			       version, SCHEMA_VERSION);
	if (!ret && version < SCHEMA_VERSION)
		ret = make_tables(db->db, version);
	for (i = 0; !ret && i < CO_SQL_STATEMENTS; i++)
		ret = sqlite3_prepare_v3(db->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
					 &db->s[i], NULL);
	if (!ret)
		return 0;
	return cr_fail(err, CR_EXIT_IO, 0, "%s: %s", path, sqlite3_errmsg(db->db));
}

int co_db_open(const char *path, struct co_db **out, struct cr_err *err)
{
	struct co_db *db = cr_xcalloc(1, sizeof(*db));
	int ret;

	if (sqlite3_open_v2(path, &db->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
		ret = cr_fail(err, CR_EXIT_IO, 0, "%s: %s", path, sqlite3_errmsg(db->db));
	else
		ret = database_prepare(db, path, err);
	if (ret) {
		co_db_close(db);
		return ret;
	}
	*out = db;
	return 0;
}

void co_db_close(struct co_db *db)
{
	int i;

	if (!db)
		return;
	if (db->open)
		co_db_commit(db);
	for (i = 0; i < CO_SQL_STATEMENTS; i++)
		sqlite3_finalize(db->s[i]);
	sqlite3_close(db->db);
	free(db);
}

static _Noreturn void give_up(struct co_db *db)
{
	cr_say("the database cannot be written: %s; ending, jobs go on", sqlite3_errmsg(db->db));
	_Exit(CR_EXIT_IO);
}

static sqlite3_stmt *bind(struct co_db *db, enum co_sql what, const char *types, va_list ap)
{
	sqlite3_stmt *s = db->s[what];
	const void *bytes;
	int at = 0;

	for (; *types; types++) {
		at++;
		if (*types == 'i') {
			sqlite3_bind_int64(s, at, va_arg(ap, int64_t));
		} else if (*types == 't') {
			sqlite3_bind_text(s, at, va_arg(ap, const char *), -1, SQLITE_STATIC);
		} else {
			bytes = va_arg(ap, const void *);
			sqlite3_bind_blob64(s, at, bytes, va_arg(ap, size_t), SQLITE_STATIC);
		}
	}
	return s;
}

static void database_step(struct co_db *db, enum co_sql what)
{
	if (sqlite3_step(db->s[what]) != SQLITE_DONE)
		give_up(db);
	sqlite3_reset(db->s[what]);
}

void co_db_write(struct co_db *db, enum co_sql what, const char *types, ...)
{
	va_list ap;

	if (!db->open)
		database_step(db, CO_SQL_BEGIN);
	db->open = true;
	va_start(ap, types);
	bind(db, what, types, ap);
	va_end(ap);
	database_step(db, what);
}

void co_db_commit(struct co_db *db)
{
	if (!db->open)
		return;
	database_step(db, CO_SQL_COMMIT);
	db->open = false;
}

void co_db_read(struct co_db *db, enum co_sql what, void (*row)(sqlite3_stmt *s, void *arg),
		void *arg, const char *types, ...)
{
	sqlite3_stmt *s;
	va_list ap;

	va_start(ap, types);
	s = bind(db, what, types, ap);
	va_end(ap);
	while (sqlite3_step(s) == SQLITE_ROW)
		row(s, arg);
	sqlite3_reset(s);
}
