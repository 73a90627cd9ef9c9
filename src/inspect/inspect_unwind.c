// SPDX-License-Identifier: Apache-2.0
//
// Unwinding by libunwind, with the image in place of a process: it asks for words of memory, for
// registers, and for the unwind table of an address. What it reads may be anything, loops without
// end too: so it gets only so many words. Runs in: crimage.
#include "inspect/inspect_unwind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/unwind.h"
#include "common/err.h"
#include "inspect/inspect_memory.h"
#include "inspect/modules.h"

#define WORDS_MAX (64ul << 20) /* of all threads */

/* Encodings of pointers in .eh_frame_hdr, as far as linkers use them (DW_EH_PE_*). */
#define ENCODED_4 0x03 /* lower half: 4 bytes, without or with sign */
#define ENCODED_SIGNED 0x08
#define TABLE_ENCODING 0x3b /* signed 4 bytes, relative to the header */

struct cr_unwinder {
	struct cr_memory *memory;
	struct cr_modules *modules;
	const struct cr_regset *registers;
	unw_addr_space_t space;
	uint64_t words;
};

struct table_header {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	uint8_t frame[4], count[4];
};

static int read_word(unw_addr_space_t as, unw_word_t addr, unw_word_t *value, int write, void *arg)
{
	struct cr_unwinder *u = arg;
	struct cr_err ignored = { 0 };

	if (write || u->words++ > WORDS_MAX ||
	    cr_memory_read(u->memory, addr, value, sizeof(*value), &ignored))
		return -UNW_EINVAL;
	return 0;
}

static int read_register(unw_addr_space_t as, unw_regnum_t n, unw_word_t *value, int write,
			 void *arg)
{
	const struct cr_unwinder *u = arg;

	return !write && cr_regset_unwind(u->registers, n, value) ? 0 : -UNW_EBADREG;
}

static int find_table(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need, void *arg)
{
	struct cr_unwinder *u = arg;
	struct cr_module *m = cr_modules_find(u->modules, ip);
	struct cr_err ignored = { 0 };
	unw_dyn_info_t di = { .format = UNW_INFO_FORMAT_REMOTE_TABLE };
	struct table_header h;
	uint32_t count;

	if (!m || !m->table || cr_memory_read(u->memory, m->table, &h, sizeof(h), &ignored) ||
	    h.version != 1 || (h.frame_encoding & 0x07) != ENCODED_4 ||
	    (h.count_encoding & ~ENCODED_SIGNED) != ENCODED_4 || h.table_encoding != TABLE_ENCODING)
		return -UNW_ENOINFO;
	memcpy(&count, h.count, sizeof(count));
	if (!count)
		return -UNW_ENOINFO;
	di.start_ip = m->start;
	di.end_ip = m->end;
	di.u.rti.segbase = m->table;
	di.u.rti.table_data = m->table + sizeof(h);
	di.u.rti.table_len = count; /* entries have the size of a word */
	return UNW_OBJ(dwarf_search_unwind_table)(as, ip, &di, pi, need, arg);
}

static void put_table(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
}

static int no_list(unw_addr_space_t as, unw_word_t *list, void *arg)
{
	return -UNW_ENOINFO;
}

static int no_float(unw_addr_space_t as, unw_regnum_t n, unw_fpreg_t *value, int write, void *arg)
{
	return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *c, void *arg)
{
	return -UNW_EINVAL;
}

static int no_name(unw_addr_space_t as, unw_word_t addr, char *buf, size_t len, unw_word_t *offset,
		   void *arg)
{
	return -UNW_ENOINFO;
}

int cr_unwinder_open(struct cr_unwinder **out, struct cr_memory *m, struct cr_modules *ms,
		     struct cr_err *err)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_table,
		.put_unwind_info = put_table,
		.get_dyn_info_list_addr = no_list,
		.access_mem = read_word,
		.access_reg = read_register,
		.access_fpreg = no_float,
		.resume = no_resume,
		.get_proc_name = no_name,
	};
	struct cr_unwinder *u = calloc(1, sizeof(*u));

	*out = u;
	if (u) {
		u->memory = m;
		u->modules = ms;
		u->space = unw_create_addr_space(&accessors, 0);
	}
	if (u && u->space) {
		unw_set_caching_policy(u->space, UNW_CACHE_GLOBAL);
		return 0;
	}
	free(u);
	*out = NULL;
	return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "unwinding");
}

void cr_unwinder_close(struct cr_unwinder *u)
{
	if (u)
		unw_destroy_addr_space(u->space);
	free(u);
}

static bool is_signal(struct cr_unwinder *u, uint64_t pc)
{
	unsigned char code[CR_SIGRETURN_BYTES];
	struct cr_err ignored = { 0 };

	return !cr_memory_read(u->memory, pc, code, sizeof(code), &ignored) &&
	       cr_is_sigreturn(code);
}

bool cr_unwind(struct cr_unwinder *u, const struct cr_regset *r,
	       void (*frame)(void *arg, const struct cr_frame_at *f), void *arg)
{
	struct cr_frame_at f = { .pc = r->general.rip, .exact = true };
	unw_word_t sp = 0, last_sp;
	unw_cursor_t c;
	unsigned int n;
	uint64_t last;

	u->registers = r;
	if (unw_init_remote(&c, u->space, u)) {
		frame(arg, &f);
		return true;
	}
	for (n = 0; n < CR_FRAMES_MAX && u->words < WORDS_MAX; n++) {
		f.signal = is_signal(u, f.pc);
		frame(arg, &f);
		/* Behind a signal's frame is what it has interrupted. */
		f.exact = f.signal;
		last = f.pc;
		last_sp = sp;
		if (unw_step(&c) <= 0 || unw_get_reg(&c, UNW_REG_IP, &f.pc) ||
		    unw_get_reg(&c, UNW_REG_SP, &sp) || !f.pc || (f.pc == last && sp == last_sp))
			return true;
	}
	return false;
}
