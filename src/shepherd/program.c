// SPDX-License-Identifier: Apache-2.0
//
// The program that a process runs. Its file may have been deleted or replaced since, as by an
// upgrade, or never had a name (memfd): then it goes into the image by way of /proc/PID/exe, and a
// restart makes it again. One that may not be read is known by its name alone; its memory is in the
// image. Runs in the shepherd while the job stands still.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/elf_id.h"
#include "objects/core/reach.h"
#include "objects/file/inode.h"
#include "objects/file/regular.h"
#include "objects/ipc/shared_memory.h"
#include "shepherd/program.h"
#include "shepherd/shepherd.h"

static void note_file(cairn_Process *p, int fd, const struct stat *st)
{
	struct cr_elf_info elf;

	p->exe_size = st->st_size;
	p->exe_mtime_ns = cr_stat_ns(&st->st_mtim);
	if (fd < 0 || cr_elf_read(fd, &elf))
		return;
	p->exe_build_id.size = elf.build_id_len;
	memcpy(p->exe_build_id.bytes, elf.build_id, elf.build_id_len);
}

/* Whether the code still comes from the file that the process is said to run. */
static bool code_is_of(const struct cr_process *m, const char *path)
{
	struct cr_maps maps;
	bool is = false;
	size_t i;

	if (cr_proc_maps(m->tid, false, &maps))
		return true;
	for (i = 0; i < maps.n; i++) {
		const struct cr_map *v = &maps.v[i];

		if (v->start <= m->process.start_code && m->process.start_code < v->end)
			is = v->inode && !v->deleted && !strcmp(v->path, path);
	}
	cr_maps_free(&maps);
	return is;
}

/* Since a restart without privilege the kernel takes our own program for it. */
static void describe_told(struct cr_process *m)
{
	cairn_Process *p = &m->process;
	cr_auto_fd fd = -1;
	struct stat st;

	snprintf(p->exe, sizeof(p->exe), "%s", m->core.exe);
	p->exe_deleted = !code_is_of(m, p->exe);
	fd = p->exe_deleted ? -1 : cr_reach_open(p->exe, O_RDONLY, S_IFREG);
	if (fd >= 0 && !fstat(fd, &st))
		note_file(p, fd, &st);
}

/* Its file goes into the image: as memory if it is that, else as one without a name. */
static int keep_file(struct cr_checkpoint *c, cairn_Process *p, int fd, const struct stat *st)
{
	cairn_SharedMemory *memory;
	cairn_Inode *inode;

	if (!strncmp(p->exe, "/memfd:", 7)) {
		memory = cr_shared_note(&c->save, fd, st, p->exe);
		if (memory)
			p->exe_object = memory->id;
		return memory ? 0 : -ENOMEM;
	}
	inode = cr_inode_note(&c->save, fd, st, p->exe, true, 0);
	if (!inode)
		return -ENOMEM;
	p->exe_dev = st->st_dev;
	p->exe_inode = st->st_ino;
	/* Other names that it may have do not matter: nobody writes into it. */
	inode->linkable |= st->st_nlink > 0;
	return 0;
}

int cr_describe_program(struct cr_checkpoint *c, struct cr_process *m)
{
	static const char gone[] = " (deleted)";
	cairn_Process *p = &m->process;
	cr_auto_fd at = -1, fd = -1;
	struct stat st, named;
	char path[64];
	size_t n;

	if (m->core.exe[0]) {
		describe_told(m);
		return 0;
	}
	if (cr_proc_link(m->tid, "exe", p->exe))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, 0, "cannot read /proc/%d/exe", m->pid);
	snprintf(path, sizeof(path), "/proc/%d/exe", m->tid);
	at = open(path, O_PATH | O_CLOEXEC);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (at < 0 || fstat(at, &st))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, errno, "cannot read /proc/%d/exe",
			       m->pid);
	note_file(p, fd, &st);
	if (!stat(p->exe, &named) && named.st_ino == st.st_ino && named.st_dev == st.st_dev &&
	    !cr_silly_renamed(fd, p->exe))
		return 0;
	n = strlen(p->exe);
	if (n >= sizeof(gone) && !strcmp(p->exe + n - strlen(gone), gone))
		p->exe[n - strlen(gone)] = 0;
	p->exe_deleted = true;
	return fd < 0 || !keep_file(c, p, fd, &st) ?
		       0 :
		       cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
}
