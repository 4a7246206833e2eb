/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading device programs. See bpf(2). */
#include "cgroup/devices.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <string.h>
#include <sys/syscall.h>

#define LOG_SIZE 16384

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

/* Once more with the verifier's log, which costs time and is for our own mistakes. */
static void show_verifier(union bpf_attr *attr)
{
	_cleanup_free_ char *log = calloc(1, LOG_SIZE);
	int fd;

	if (!log)
		return;
	attr->log_buf = (uintptr_t)log;
	attr->log_size = LOG_SIZE;
	attr->log_level = 1;
	fd = sys_bpf(BPF_PROG_LOAD, attr);
	if (fd >= 0)
		(void)close(fd);
	log_debug("the kernel about the device program: %s", log);
}

static int load(const struct cgroup_devices *devices, struct err *err)
{
	_cleanup_free_ struct bpf_insn *insns = NULL;
	union bpf_attr attr = {};
	size_t n;
	int r;

	r = cgroup_devices_compile(devices, &insns, &n);
	if (r == -E2BIG)
		return err_say(err, r, "there are too many device rules for one program: %zu",
		               devices->n);
	if (r < 0)
		return err_oom(err);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uintptr_t) "LGPL";
	memcpy(attr.prog_name, "rlxc_devices", sizeof("rlxc_devices"));
	r = sys_bpf(BPF_PROG_LOAD, &attr);
	if (r < 0 && r != -EPERM)
		show_verifier(&attr);
	if (r < 0)
		return err_set(err, r, "cannot load the program of the device rules");
	return r;
}

/* The cgroup may be a new one, which the old program is not attached to. */
static int attach(int cgroup_fd, int prog_fd, int old_fd)
{
	union bpf_attr attr = {};
	int r = -ENOENT;

	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old_fd;
		r = sys_bpf(BPF_PROG_ATTACH, &attr);
		attr.attach_flags = BPF_F_ALLOW_MULTI;
		attr.replace_bpf_fd = 0;
	}
	return r == -ENOENT ? sys_bpf(BPF_PROG_ATTACH, &attr) : r;
}

int cgroup_devices_attach(int payload_fd, const struct cgroup_devices *devices, int *prog_fd,
                          struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!cgroup_devices_restrict(devices) && *prog_fd < 0)
		return 0;
	fd = load(devices, err);
	if (fd < 0)
		return fd;
	r = attach(payload_fd, fd, *prog_fd);
	if (r < 0)
		return err_set(err, r, "cannot attach the program of the device rules");
	cleanup_close(prog_fd);
	*prog_fd = take_fd(&fd);
	return 0;
}
