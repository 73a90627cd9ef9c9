// SPDX-License-Identifier: Apache-2.0
//
// Program files by libelf.
#include "common/elf_id.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

static void note_segment(Elf *elf, const GElf_Phdr *ph, struct cr_elf_info *out)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, ph->p_offset, ph->p_filesz,
					      ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t at = 0, name, desc;
	GElf_Nhdr note;

	while (data && (at = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp((char *)data->d_buf + name, "GNU", 4))
			continue;
		out->build_id_len = note.n_descsz < sizeof(out->build_id) ? note.n_descsz :
									    sizeof(out->build_id);
		memcpy(out->build_id, (char *)data->d_buf + desc, out->build_id_len);
	}
}

static void note_interpreter(Elf *elf, const GElf_Phdr *ph, struct cr_elf_info *out)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, ph->p_offset, ph->p_filesz, ELF_T_BYTE);
	size_t max = sizeof(out->interpreter_path) - 1;

	out->interpreter = true;
	if (data && data->d_buf)
		memcpy(out->interpreter_path, data->d_buf, data->d_size < max ? data->d_size : max);
}

int cr_elf_read(int fd, struct cr_elf_info *out)
{
	size_t n = 0, i;
	GElf_Ehdr eh;
	GElf_Phdr ph;
	Elf *elf;

	memset(out, 0, sizeof(*out));
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -EINVAL;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -EINVAL;
	if (elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &eh)) {
		out->elf = true;
		out->native = eh.e_machine == EM_X86_64 && gelf_getclass(elf) == ELFCLASS64;
		out->position_independent = eh.e_type == ET_DYN;
		elf_getphdrnum(elf, &n);
		for (i = 0; i < n && gelf_getphdr(elf, i, &ph); i++) {
			if (ph.p_type == PT_INTERP)
				note_interpreter(elf, &ph, out);
			else if (ph.p_type == PT_NOTE)
				note_segment(elf, &ph, out);
		}
	}
	elf_end(elf);
	return 0;
}

uint64_t cr_elf_symbol(int fd, const char *name)
{
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *section = NULL;
	uint64_t value = 0;
	GElf_Shdr sh;
	GElf_Sym sym;

	while (elf && !value && (section = elf_nextscn(elf, section))) {
		Elf_Data *data;
		size_t i;

		if (!gelf_getshdr(section, &sh) || sh.sh_type != SHT_DYNSYM || !sh.sh_entsize ||
		    !(data = elf_getdata(section, NULL)))
			continue;
		for (i = 0; i < sh.sh_size / sh.sh_entsize && !value; i++) {
			const char *s = gelf_getsym(data, i, &sym) ?
						elf_strptr(elf, sh.sh_link, sym.st_name) :
						NULL;

			if (s && !strcmp(s, name))
				value = sym.st_value;
		}
	}
	elf_end(elf);
	return value;
}
