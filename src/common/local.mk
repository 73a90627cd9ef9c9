# SPDX-License-Identifier: Apache-2.0
#
# What every part uses, and the machine-dependent code.

noinst_LIBRARIES += src/libcommon.a
src_libcommon_a_SOURCES = \
	include/cairn/exit_codes.h include/cairn/plugin.h src/arch/x86_64/baseline.c \
	src/arch/x86_64/baseline.h src/arch/x86_64/call.h src/arch/x86_64/cpu.c \
	src/arch/x86_64/cpu.h src/arch/x86_64/frame.h src/arch/x86_64/partial.c \
	src/arch/x86_64/partial.h src/arch/x86_64/regset.c src/arch/x86_64/regset.h \
	src/arch/x86_64/keys.h src/arch/x86_64/rseq.h src/arch/x86_64/syscall.h \
	src/common/agent_config.h \
	src/common/accept.h src/common/archive.c src/common/archive.h src/common/args.c \
	src/common/args.h src/common/args_help.c src/common/args_help.h src/common/units.c \
	src/common/units.h src/common/backend_kind.h src/common/file_rules.h \
	src/common/message_json.c src/common/message_json.h \
	src/common/rows_json.c src/common/rows_json.h src/common/criu_version.h \
	src/common/job_options.c src/common/job_options.h \
	src/common/clock.c src/common/clock.h src/common/defs.h \
	src/common/contents.c src/common/contents.h src/common/needs.c src/common/needs.h \
	src/common/owner.c src/common/owner.h src/common/ready.c src/common/ready.h \
	src/common/addresses.h src/common/each.c src/common/each.h src/common/elf_id.c \
	src/common/elf_id.h src/common/environment.h src/common/err.c src/common/err.h \
	src/common/gather.h src/common/image_ids.c src/common/image_ids.h src/common/ids.c \
	src/common/ids.h src/common/image.h src/common/image_format.h src/common/image_read.c \
	src/common/image_read.h src/common/image_write.c src/common/image_write.h src/common/io.c \
	src/common/io.h src/common/json.c src/common/json.h src/common/pagemap.h \
	src/common/piece.h src/common/siginfo.h src/common/wake.h \
	src/common/pace.c src/common/pace.h src/common/label.c \
	src/common/label.h src/common/lease_page.h src/common/proc.c src/common/proc.h \
	src/common/records.def src/common/runtime.c src/common/runtime.h src/common/preload.c \
	src/common/preload.h \
	src/common/scm.h src/common/progress.c src/common/progress.h \
	src/common/step.c src/common/step.h \
	src/common/wire.c src/common/wire.h src/common/xalloc.c src/common/xalloc.h
nodist_src_libcommon_a_SOURCES = proto/operation.pb.c \
	proto/image.pb.c proto/agent.pb.c proto/control.pb.c \
	proto/cluster.pb.c
