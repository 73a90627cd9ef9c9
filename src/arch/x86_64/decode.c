// SPDX-License-Identifier: Apache-2.0
//
// The number of a system call from the code before it. x86-64 cannot be read backwards: so each
// place where an instruction may begin that sets eax to a constant is tried, and taken if the
// instructions from there on lead exactly to the call and leave eax alone. Only the few kinds are
// known that put arguments in place; with any other, or with two answers, there is none.
// Runs in: the agent's handler. Reads the application's code, nothing else.
#include "arch/x86_64/decode.h"

#include <stddef.h>
#include <string.h>

#define PAGE 4096
#define FAR_BACK 48
#define CALLS 1024

/* Bytes of a ModRM byte and what belongs to it. */
static int modrm_length(const unsigned char *p)
{
	int mod = p[0] >> 6, rm = p[0] & 7, n = 1;

	if (mod == 3)
		return 1;
	if (rm == 4) {
		if (mod == 0 && (p[1] & 7) == 5)
			n += 4;
		n++;
	} else if (mod == 0 && rm == 5) {
		n += 4;
	}
	return n + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

/* Whether the register that a ModRM byte names, in the given part of it, is eax. */
static bool is_eax(unsigned char modrm, bool reg, int rex)
{
	if (reg)
		return !(modrm >> 3 & 7) && !(rex & 4);
	return modrm >> 6 == 3 && !(modrm & 7) && !(rex & 1);
}

/* A move between vector registers, or from or to memory. */
static int vector_length(const unsigned char *p)
{
	static const unsigned char known[] = { 0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x28,
					       0x29, 0x57, 0x6c, 0x6f, 0x7f, 0xd6, 0xef };
	int n = *p == 0x66 || *p == 0xf2 || *p == 0xf3;
	size_t i;

	n += (p[n] & 0xf0) == 0x40;
	for (i = 0; i < sizeof(known) && p[n] == 0x0f; i++)
		if (p[n + 1] == known[i])
			return n + 2 + modrm_length(p + n + 2);
	return 0;
}

/* The length of an instruction that does not set eax; 0 if it does or is not known. */
static int decode_length(const unsigned char *p)
{
	int rex = (*p & 0xf0) == 0x40 ? *p : 0, n = !!rex;
	unsigned char op = p[n], modrm = p[n + 1];

	switch (op) {
	case 0x89: /* mov, xor, sub, add from a register */
	case 0x31:
	case 0x29:
	case 0x01:
		return is_eax(modrm, false, rex) ? 0 : n + 1 + modrm_length(p + n + 1);
	case 0x8b: /* mov, lea, movslq, xor, sub, add to one */
	case 0x8d:
	case 0x63:
	case 0x33:
	case 0x2b:
	case 0x03:
		return is_eax(modrm, true, rex) ? 0 : n + 1 + modrm_length(p + n + 1);
	case 0x85: /* test, cmp */
	case 0x39:
	case 0x3b:
		return n + 1 + modrm_length(p + n + 1);
	case 0xc7: /* mov of a constant */
		if (modrm >> 3 & 7 || is_eax(modrm, false, rex))
			return 0;
		return n + 1 + modrm_length(p + n + 1) + 4;
	case 0x83: /* the arithmetic of a small one */
		return is_eax(modrm, false, rex) ? 0 : n + 1 + modrm_length(p + n + 1) + 1;
	case 0xb8 ... 0xbf:
		if (op == 0xb8 && !(rex & 1))
			return 0;
		return n + 1 + (rex & 8 ? 8 : 4);
	case 0x90:
		return n + 1;
	default:
		return vector_length(p);
	}
}

static bool decode_leads_to(const unsigned char *p, const unsigned char *call)
{
	int n;

	while (p < call && (n = decode_length(p)))
		p += n;
	return p == call;
}

/* The constant of an instruction that sets eax, or -1; its length in *n. */
static long constant(const unsigned char *p, int *n)
{
	uint32_t nr;

	if (p[0] == 0x31 && p[1] == 0xc0) {
		*n = 2;
		return 0;
	}
	*n = p[0] == 0xb8 ? 5 : p[0] == 0xc7 && p[1] == 0xc0 ? 6 : 0;
	if (!*n)
		return -1;
	memcpy(&nr, p + *n - 4, sizeof(nr));
	return nr < CALLS ? (long)nr : -1;
}

long cr_decode_call(uint64_t pc, bool (*readable)(const void *at))
{
	const unsigned char *call = (const unsigned char *)pc - 2, *p;
	bool whole = pc % PAGE < FAR_BACK ? readable((const void *)(pc - FAR_BACK)) : true;
	long found = -1;
	int n;

	if ((pc % PAGE < 2 && !whole) || call[0] != 0x0f || call[1] != 0x05)
		return -1;
	for (p = call - 2; p >= (const unsigned char *)pc - FAR_BACK; p--) {
		long nr;

		if (!whole && (uint64_t)p <= pc / PAGE * PAGE)
			break;
		nr = constant(p, &n);
		/* Behind a prefix it may be the instruction of another register. */
		if (nr >= 0 && p + n <= call && !((p[-1] & 0xf1) == 0x41 && p[0] != 0x31) &&
		    decode_leads_to(p + n, call)) {
			if (found >= 0 && found != nr)
				return -1;
			found = nr;
		}
	}
	return found;
}
