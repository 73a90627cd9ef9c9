// SPDX-License-Identifier: Apache-2.0
//
// Ids of users that are not there. A user's restart happens in a namespace that knows no other user
// than this one, and there the kernel calls any other id invalid (EINVAL), where it had said that
// the caller may not have it (EPERM).
// Runs in: the application's threads. Asked only when a call has ended with EINVAL.
#include <errno.h>
#include <string.h>

#include "preload/apart.h"
#include "preload/state.h"
#include "preload/agent_text.h"
#include "preload/wrappers.h"

struct maps {
	char text[2][128];
	bool read;
};

static void read_maps(void *arg)
{
	struct maps *m = arg;

	m->read = cr_read_text(-1, "/proc/self/uid_map", m->text[0], sizeof(m->text[0])) > 0 &&
		  cr_read_text(-1, "/proc/self/gid_map", m->text[1], sizeof(m->text[1])) > 0;
}

/* The next number of a line, or -1. */
static int64_t next_number(const char **p)
{
	while (**p == ' ')
		++*p;
	return **p >= '0' && **p <= '9' ? (int64_t)cr_get_number(p, 10) : -1;
}

/* Whether a map knows one id only, and not this one. */
static bool wrap_owner_lacks(const char *map, unsigned int id)
{
	int64_t known = next_number(&map), outside = next_number(&map), n = next_number(&map);

	return id != (unsigned int)-1 && outside >= 0 && n == 1 && known != id && map[0] == '\n' &&
	       !map[1];
}

/* The result of a call with these ids, -1 for none, as it would be among all users. */
static int judged(int ret, unsigned int uid1, unsigned int uid2, unsigned int uid3,
		  unsigned int gid1, unsigned int gid2, unsigned int gid3)
{
	_Alignas(64) char stack[4096];
	struct maps m = { .read = false };

	if (ret >= 0 || errno != EINVAL || !cr_agent.active)
		return ret;
	if (!agent_apart(read_maps, &m, stack + sizeof(stack)))
		read_maps(&m);
	errno = EINVAL;
	if (m.read && (wrap_owner_lacks(m.text[0], uid1) || wrap_owner_lacks(m.text[0], uid2) ||
		       wrap_owner_lacks(m.text[0], uid3) || wrap_owner_lacks(m.text[1], gid1) ||
		       wrap_owner_lacks(m.text[1], gid2) || wrap_owner_lacks(m.text[1], gid3)))
		errno = EPERM;
	return ret;
}

#define NONE (-1u)
#define OWNER(ret, user, group) judged(ret, user, NONE, NONE, group, NONE, NONE)

CR_WRAPPER int chown(const char *path, uid_t user, gid_t group)
{
	return OWNER(CR_REAL(chown)(path, user, group), user, group);
}

CR_WRAPPER int lchown(const char *path, uid_t user, gid_t group)
{
	return OWNER(CR_REAL(lchown)(path, user, group), user, group);
}

CR_WRAPPER int fchown(int fd, uid_t user, gid_t group)
{
	return OWNER(CR_REAL(fchown)(fd, user, group), user, group);
}

CR_WRAPPER int fchownat(int dir, const char *path, uid_t user, gid_t group, int flags)
{
	int ret = CR_REAL(fchownat)(dir, path, user, group, flags);

	/* Other flags are what is invalid. */
	return flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT) ?
		       ret :
		       OWNER(ret, user, group);
}

CR_WRAPPER int setuid(uid_t id)
{
	return judged(CR_REAL(setuid)(id), id, NONE, NONE, NONE, NONE, NONE);
}

CR_WRAPPER int seteuid(uid_t id)
{
	return judged(CR_REAL(seteuid)(id), id, NONE, NONE, NONE, NONE, NONE);
}

CR_WRAPPER int setreuid(uid_t real, uid_t effective)
{
	return judged(CR_REAL(setreuid)(real, effective), real, effective, NONE, NONE, NONE, NONE);
}

CR_WRAPPER int setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return judged(CR_REAL(setresuid)(real, effective, saved), real, effective, saved, NONE,
		      NONE, NONE);
}

CR_WRAPPER int setgid(gid_t id)
{
	return judged(CR_REAL(setgid)(id), NONE, NONE, NONE, id, NONE, NONE);
}

CR_WRAPPER int setegid(gid_t id)
{
	return judged(CR_REAL(setegid)(id), NONE, NONE, NONE, id, NONE, NONE);
}

CR_WRAPPER int setregid(gid_t real, gid_t effective)
{
	return judged(CR_REAL(setregid)(real, effective), NONE, NONE, NONE, real, effective, NONE);
}

CR_WRAPPER int setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return judged(CR_REAL(setresgid)(real, effective, saved), NONE, NONE, NONE, real, effective,
		      saved);
}
