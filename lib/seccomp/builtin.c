/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/builtin.h"

/* Makefile.am takes the file etc/common.seccomp from the lines of this string: a tab, quotes, and
 * none of them inside.
 *
 * Calls of the mount API stay allowed, and so do those for keys: what runs containers inside needs
 * them, and the session keyring is the container's own. The terminal's TIOCSTI and TIOCLINUX are
 * compared as the kernel does it, the lower 32 bits alone (CVE-2019-7303). The last number is that
 * of file_setattr, of Linux 6.17; calls of x32 have higher ones. */
const char seccomp_builtin[] =
	"2\n"
	"denylist\n"
	"# What no container may call, see SYSTEM CALL FILTER in lxc.container.conf(5). This\n"
	"# is the policy of every container whose configuration names none.\n"
	"reject_force_umount\n"
	"# Calls that are newer than this list, and those of x32, do not exist.\n"
	"reject_calls_above 469\n"
	"\n"
	"[all]\n"
	"# Another kernel, or other code in this one.\n"
	"kexec_load errno 1\n"
	"kexec_file_load errno 1\n"
	"init_module errno 1\n"
	"finit_module errno 1\n"
	"delete_module errno 1\n"
	"# Files of the host by their handles.\n"
	"open_by_handle_at errno 1\n"
	"# Typing at a terminal: TIOCSTI, TIOCLINUX.\n"
	"ioctl errno 1 [1,0x5412,SCMP_CMP_MASKED_EQ,0xffffffff]\n"
	"ioctl errno 1 [1,0x541c,SCMP_CMP_MASKED_EQ,0xffffffff]\n"
	"# A large part of the kernel, past most of what watches system calls.\n"
	"io_uring_setup errno 1\n"
	"io_uring_enter errno 1\n"
	"io_uring_register errno 1\n"
	"lookup_dcookie errno 1\n"
	"vm86 errno 1\n"
	"vm86old errno 1\n"
	"\n"
	"# For containers with id maps, whose root has no use for them.\n"
	"[userns]\n"
	"bpf errno 1\n"
	"perf_event_open errno 1\n"
	"userfaultfd errno 1\n"
	"syslog errno 1\n"
	"quotactl errno 1\n"
	"quotactl_fd errno 1\n"
	"swapon errno 1\n"
	"swapoff errno 1\n"
	"settimeofday errno 1\n"
	"stime errno 1\n"
	"clock_settime errno 1\n"
	"clock_settime64 errno 1\n";
