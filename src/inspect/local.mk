# SPDX-License-Identifier: Apache-2.0
#
# Looking into an image: what crimage is made of.

noinst_LIBRARIES += src/libinspect.a
src_libinspect_a_SOURCES = \
	src/arch/x86_64/unwind.h src/inspect/backtrace.c src/inspect/backtrace.h \
	src/inspect/core.c src/inspect/core.h src/inspect/core_notes.c src/inspect/core_notes.h \
	src/inspect/inspect_criu.c src/inspect/inspect_criu.h src/inspect/diff.c \
	src/inspect/diff.h \
	src/inspect/env.c src/inspect/env.h src/inspect/extract.c src/inspect/extract.h \
	src/inspect/inspect_files.c src/inspect/inspect_files.h src/inspect/inspect.c \
	src/inspect/inspect.h \
	src/inspect/inspect_memory.c src/inspect/inspect_memory.h src/inspect/modules.c \
	src/inspect/modules.h \
	src/inspect/registers.c src/inspect/registers.h src/inspect/show.c src/inspect/show.h \
	src/inspect/show_json.c src/inspect/show_json.h src/inspect/show_shared.c \
	src/inspect/show_shared.h src/inspect/symbols.c src/inspect/symbols.h \
	src/inspect/verify.c src/inspect/verify.h src/inspect/inspect_unwind.c \
	src/inspect/inspect_unwind.h
