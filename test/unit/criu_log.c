// SPDX-License-Identifier: Apache-2.0
//
// What CRIU's logs say, in one line: lines of real ones, and any bytes.
#include "criu/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* Of CRIU 4.2.1, but the vDSO's, of 3.17.1; what stands around the errors is left out. */
#define RLIMIT                                                                                    \
	"(00.084905) Warn  (criu/kerndat.c:1642): CRIU was built without libnftables support\n"   \
	"(00.100846) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: "      \
	"Operation not permitted\n"
#define DUMP "(00.101559) Error (criu/cr-dump.c:1975): Dumping FAILED.\n"
#define RESTORE "(00.179276) Error (criu/cr-restore.c:2331): Restoring FAILED.\n"

static const struct {
	enum cairn_exit status;
	const char *words, *log;
} logs[] = {
	{ CR_EXIT_UNSUPPORTED, "process 23075 cannot be traced: a debugger or strace",
	  RLIMIT "(00.101517) Detected cgroup V1 freezer\n"
		 "(00.101527) Warn  (compel/src/lib/infect.c:132): Unable to interrupt task: 23075 "
		 "(Operation not permitted)\n"
		 "(00.101550) Error (compel/src/lib/infect.c:417): Unable to detach from 23075: No "
		 "such process\n" DUMP },
	{ CR_EXIT_PERMISSION, "CAP_SYS_RESOURCE",
	  "(00.101517) Error (criu/cr-dump.c:389): Can't get rlimit 0: Operation not permitted\n"
		  DUMP },
	{ CR_EXIT_NOT_FOUND, "no process 999999",
	  RLIMIT "(00.128046) Warn  (compel/src/lib/infect.c:132): Unable to interrupt "
		 "task: 999999 (No such process)\n"
		 "(00.128073) Error (compel/src/lib/infect.c:417): Unable to detach from 999999: "
		 "No such process\n" DUMP },
	{ CR_EXIT_EXISTS, "process id 23410, which the job had, is taken",
	  RLIMIT "(00.112173) Error (criu/cr-restore.c:1237): Can't fork for 23410: File "
		 "exists\n"
		  RESTORE },
	{ CR_EXIT_CHANGED, "file /tmp/cf/datafile has 11 bytes; at the checkpoint it had 6",
	  RLIMIT "(00.179203)  23571: Error (criu/files-reg.c:2175): File tmp/cf/datafile has bad "
		 "size 11 (expect 6)\n"
		 "(00.179208)  23571: Error (criu/files.c:1221): Unable to open fd=3 id=0x1c\n"
		  RESTORE },
	{ CR_EXIT_CHANGED, "file /tmp/cf/datafile: No such file or directory",
	  "(00.117237)  29345: Error (criu/files-reg.c:2353): Can't open file tmp/cf/datafile on "
	  "restore: No such file or directory\n"
	  "(00.117240)  29345: Error (criu/files-reg.c:2267): Can't open file tmp/cf/datafile: No "
	  "such file or directory\n" RESTORE },
	{ CR_EXIT_UNSUPPORTED, "waits in the queue of a listening TCP socket",
	  "(00.170329) Error (criu/sk-inet.c:185): inet: In-flight connection (l) for 1b916dc\n"
	  "(00.170330) Error (criu/sk-inet.c:186): inet: In-flight connections can be ignored "
	  "with the --skip-in-flight option.\n"
	  "(00.170352) Error (criu/cr-dump.c:1545): Dump files (pid: 29785) failed with -1\n"
		  DUMP },
	{ CR_EXIT_UNSUPPORTED, "--tcp=repair saves",
	  "(00.172165) Error (criu/sk-inet.c:200): inet: Connected TCP socket, consider using "
	  "--tcp-established option.\n" DUMP },
	{ CR_EXIT_UNSUPPORTED, "restart with --tcp=repair",
	  "(00.123483)  30299: Error (criu/sk-inet.c:912): inet: Connected TCP socket in image\n"
	  "(00.123494)  30299: Error (criu/files.c:1221): Unable to open fd=4 id=0x1e\n" RESTORE },
	{ CR_EXIT_UNSUPPORTED, "process 31568 has SysV shared memory",
	  "(00.271547) Error (criu/cr-dump.c:478): Task 31568 with SysVIPC shmem map @7f70881ef000 "
	  "doesn't live in IPC ns\n"
	  "(00.271549) Error (criu/cr-dump.c:1621): Dump mappings (pid: 31568) failed with -1\n" },
	{ CR_EXIT_UNSUPPORTED, "address family 40",
	  "(00.127235) Error (criu/sockets.c:767): sockets: BUG! Unknown socket collected "
	  "(family 40)\n" },
	{ CR_EXIT_UNSUPPORTED, "/tmp/cf/big, deleted while in use, has 3002368 bytes",
	  "(00.110515) Error (criu/files-reg.c:1031): Can't dump ghost file /tmp/cf/big of "
	  "3002368 size, increase limit\n" },
	{ CR_EXIT_UNSUPPORTED, "a lock on a file",
	  "(00.194523) Error (criu/file-lock.c:110): Some file locks are hold by dumping tasks! "
	  "You can try --file-locks to dump them.\n" },
	{ CR_EXIT_UNSUPPORTED, "--shell-job",
	  "(00.167068) Error (criu/pstree.c:304): The root process 4228 is not a session leader. "
	  "Consider using --shell-job option\n" },
	{ CR_EXIT_UNSUPPORTED, "terminal /dev/pts/1 is outside",
	  "(00.205149) Error (criu/tty.c:410): tty: Found slave peer index 1 without correspond "
	  "master peer\n" },
	{ CR_EXIT_UNSUPPORTED, "io_uring",
	  "pie: 31805: Error (criu/pie/parasite.c:588): send_fds failed (-22)\n"
	  "(00.196599) Error (criu/parasite-syscall.c:280): Can't retrieve FDs from socket\n" },
	{ CR_EXIT_DAMAGED, "damaged or incomplete",
	  "(00.123559)   4747: Error (criu/image.c:887): Unexpected EOF\n"
	  "(00.124164) Error (criu/cr-restore.c:1265): 4747 exited, status=1\n" RESTORE },
	{ CR_EXIT_DAMAGED, "damaged or incomplete",
	  "(00.111030) Error (criu/protobuf.c:72): Unexpected EOF on (empty-image)\n" RESTORE },
	{ CR_EXIT_PERMISSION, "cap_setpcap",
	  "(00.018038) pie: 21180: Error (criu/pie/restorer.c:317): Unable to drop capability 24: "
	  "-1\n"
	  "(00.018118) pie: 21180: Error (criu/pie/restorer.c:2292): BUG at "
	  "criu/pie/restorer.c:2292\n"
	  "(00.018143) Error (compel/src/lib/infect.c:1744): Task 21180 is in unexpected state: "
	  "b7f\n" RESTORE },
	{ CR_EXIT_PERMISSION, "setcap cap_checkpoint_restore+ep",
	  "CRIU needs to have the CAP_SYS_ADMIN or the CAP_CHECKPOINT_RESTORE capability: \n"
	  "setcap cap_checkpoint_restore+eip ./criu\n" },
	{ CR_EXIT_IO, "No space left on device",
	  "(00.062719) Error (criu/bfd.c:131): bfd: Error flushing image: No space left on device\n"
	  "(00.063478) Error (criu/bfd.c:131): bfd: Error flushing image: No space left on device\n"
		  DUMP },
	{ CR_EXIT_BACKEND, "too old for this kernel",
	  "(00.003015) Error (criu/vdso.c:401): vdso: Unexpected rt vDSO area bounds\n" },
	{ CR_EXIT_FORMAT, "newer CRIU",
	  "(00.093015) Error (criu/image.c:89): Not supported images version 3\n" },
	{ CR_EXIT_CPU, "this CPU lacks",
	  "(00.093015) Error (criu/arch/x86/cpu.c:223): cpu: CPU instruction capabilities do not "
	  "match run time\n" },
	/* Unknown ones in CRIU's words; the first that is not of no importance. */
	{ CR_EXIT_UNSUPPORTED, "frob: Cannot frobnicate 12",
	  RLIMIT "(00.101517) Error (criu/frob.c:1): frob: Cannot frobnicate 12\n"
		 "(00.101518) Error (criu/frob.c:2): frob: and so no more\n" DUMP },
	{ CR_EXIT_BACKEND, "", "" },
	{ CR_EXIT_BACKEND, "", RLIMIT DUMP },
	{ CR_EXIT_BACKEND, "", "(00.000001) all is well\n" },
};

START_TEST(causes)
{
	char out[400];

	ck_assert_msg(cr_criu_cause(logs[_i].log, out, sizeof(out)) == logs[_i].status,
		      "%d: %s", _i, out);
	ck_assert_msg(strstr(out, logs[_i].words), "'%s' is not in: %s", logs[_i].words, out);
	ck_assert_ptr_null(strchr(out, '\n'));
	ck_assert_ptr_null(strchr(out, '$'));
}
END_TEST

/* Logs in pieces and with other bytes: always one printable line, within its room. */
START_TEST(damaged_logs)
{
	uint64_t state = 88172645463325252ull;
	char text[2000], out[64];
	int i, k;

	for (i = 0; i < 300; i++) {
		const char *log = logs[i % CR_ARRAY_SIZE(logs)].log;
		size_t n = strlen(log);

		memcpy(text, log, n + 1);
		for (k = 0; n && k < 1 + i % 7; k++) {
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			text[(state >> 33) % n] = state >> 56 ?: 1;
		}
		memset(out, 'x', sizeof(out));
		cr_criu_cause(text + (i % 5 < (int)n ? i % 5 : 0), out, 1 + i % sizeof(out));
		ck_assert_uint_lt(strnlen(out, sizeof(out)), 1 + i % sizeof(out));
		for (n = 0; out[n]; n++)
			ck_assert((unsigned char)out[n] >= ' ');
	}
}
END_TEST

START_TEST(log_files)
{
	char out[200], path[200];
	FILE *f;
	int i;

	ck_assert_int_eq(cr_criu_log_cause(AT_FDCWD, "/nowhere", out, sizeof(out)),
			 CR_EXIT_BACKEND);
	ck_assert_str_eq(out, "");
	snprintf(path, sizeof(path), "%s/log", unit_dir);
	f = fopen(path, "w");
	for (i = 0; i < 400; i++)
		fprintf(f, "(00.0%05d) page %c of many\n", i, 0);
	fputs(logs[3].log, f);
	fclose(f);
	ck_assert_int_eq(cr_criu_log_cause(AT_FDCWD, path, out, sizeof(out)), CR_EXIT_EXISTS);
	ck_assert_ptr_nonnull(strstr(out, logs[3].words));
}
END_TEST

TCase *unit_criu_log(void)
{
	TCase *c = tcase_create("criu_log");

	tcase_add_checked_fixture(c, unit_setup, unit_teardown);
	tcase_add_loop_test(c, causes, 0, CR_ARRAY_SIZE(logs));
	tcase_add_test(c, damaged_logs);
	tcase_add_test(c, log_files);
	return c;
}
