// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the store, in the order in which it was: telling all that is here, telling of a
// new image, removing one. In the thread of the chores, since disks take their time.
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/err.h"
#include "common/owner.h"
#include "store/store_accept.h"
#include "store/chores.h"
#include "store/place.h"
#include "store/scrub.h"
#include "store/ship.h"
#include "store/work.h"

static void tell_one(struct cr_store *s, const struct cr_image_key *key, const struct cr_place *p)
{
	struct cr_err err = { 0 };
	uint64_t bytes;
	cairn_HoldingState state = cr_image_look(p, key->number, &bytes, &err);

	cr_store_tell(s, key, p, state, bytes, err.text);
}

/* ---- all ---- */

static bool chores_tell_member(struct cr_store *s, uint64_t job, uint32_t member,
			       struct cr_place *p, void *arg)
{
	cr_form_list list;
	size_t i;

	cr_place_list(p, &list);
	for (i = 0; i < list.n; i++) {
		struct cr_image_key key = { job, member, list.v[i].number };

		if (list.v[i].form == CR_FORM_COMPLETE)
			tell_one(s, &key, p);
		else if (list.v[i].form == CR_FORM_WRITING || list.v[i].form == CR_FORM_PART)
			cr_store_tell(s, &key, p, cairn_HoldingState_HOLDING_WRITING, 0, NULL);
	}
	free(list.v);
	return false;
}

static void chores_tell_all(struct cr_store *s, const struct cr_image_key *unused)
{
	cr_place_each(s, chores_tell_member, NULL);
	cr_store_tell(s, NULL, NULL, cairn_HoldingState_HOLDING_GONE, 0, NULL);
}

void cr_store_inventory(struct cr_store *s)
{
	cr_store_chore(s, &s->chores, chores_tell_all, (struct cr_image_key){ 0 });
}

/* ---- a new one ---- */

void cr_chore_written(struct cr_store *s, const struct cr_image_key *key)
{
	struct cr_err err = { 0 };
	struct cr_place p;
	int ret = cr_place_open(s, key->job, key->member, &p, &err);

	if (ret) {
		cr_store_tell(s, key, NULL, cairn_HoldingState_HOLDING_GONE, 0,
			      ret == -ENOENT ? "its folder is gone" : err.text);
		return;
	}
	if (cr_place_sync(s, &p))
		cr_store_tell(s, key, &p, cairn_HoldingState_HOLDING_WRITING, 0, strerror(errno));
	else
		tell_one(s, key, &p);
	cr_place_close(&p);
}

/* ---- dropping ---- */

static void drop_entry(const struct cr_place *p, const struct cr_form_entry *e)
{
	if (e->form == CR_FORM_DAMAGED)
		cr_image_mark(p, e->number, false);
	else
		cr_image_remove(p, e->form, e->number);
}

/* The folders, when nothing else is in them: what the member has put out stays. */
static void leave_folders(struct cr_store *s, struct cr_place *p)
{
	cr_auto_fd job = openat(p->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[CR_PATH_MAX], *member;

	snprintf(path, sizeof(path), "%s", p->path);
	member = strrchr(path, '/');
	*member++ = 0;
	cr_owner_sweep(p->dir);
	if (job >= 0)
		unlinkat(job, member, AT_REMOVEDIR);
	cr_place_close(p);
	unlinkat(s->dir, strrchr(path, '/') + 1, AT_REMOVEDIR);
}

static void chores_drop(struct cr_store *s, const struct cr_image_key *key)
{
	struct cr_err err = { 0 };
	struct cr_place p;
	cr_form_list list;
	size_t i;
	int ret;

	cr_incoming_drop(s, key->job, key->member, key->number);
	ret = cr_place_open(s, key->job, key->member, &p, &err);
	if (ret) {
		cr_store_tell(s, key, NULL, cairn_HoldingState_HOLDING_GONE, 0, err.text);
		return;
	}
	cr_place_list(&p, &list);
	for (i = 0; i < list.n; i++)
		if (!key->number || list.v[i].number == key->number)
			drop_entry(&p, &list.v[i]);
	if (fsync(p.dir))
		cr_fail(&err, CR_EXIT_IO, errno, "%s", p.path);
	for (i = 0; i < list.n; i++) {
		struct cr_image_key one = { key->job, key->member, list.v[i].number };

		if (list.v[i].form == CR_FORM_COMPLETE && !key->number)
			tell_one(s, &one, &p);
	}
	if (key->number)
		tell_one(s, key, &p);
	free(list.v);
	leave_folders(s, &p);
}

void cr_store_drop(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	cr_ship_gone(s, job, member, number);
	cr_store_chore(s, &s->chores, chores_drop, (struct cr_image_key){ job, member, number });
}

void cr_store_check(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	cr_store_chore(s, &s->checks, cr_check_one, (struct cr_image_key){ job, member, number });
}
