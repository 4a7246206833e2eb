/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/template.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/elf.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* A small system around one static busybox: nothing of the host's is shared with it. */

#define LIST_MAX (256 * 1024)

static const char *const places[] = { "/bin/busybox", "/usr/bin/busybox",
	                              "/usr/local/bin/busybox" };

/* ---- what it consists of ---- */

static const struct {
	char path[28];
	mode_t mode;
} dirs[] = {
	{ "bin", 0755 },        { "sbin", 0755 },       { "usr", 0755 },
	{ "usr/bin", 0755 },    { "usr/sbin", 0755 },   { "usr/lib", 0755 },
	{ "usr/lib64", 0755 },  { "usr/share", 0755 },  { "usr/share/udhcpc", 0755 },
	{ "lib", 0755 },        { "lib64", 0755 },      { "etc", 0755 },
	{ "etc/init.d", 0755 }, { "etc/udhcpc", 0755 }, { "dev", 0755 },
	{ "dev/pts", 0755 },    { "proc", 0755 },       { "sys", 0755 },
	{ "run", 0755 },        { "mnt", 0755 },        { "home", 0755 },
	{ "root", 0700 },       { "tmp", 01777 },       { "var", 0755 },
	{ "var/log", 0755 },    { "var/run", 0755 },    { "var/spool", 0755 },
	{ "var/tmp", 01777 },   { "selinux", 0755 },    { "var/spool/cron", 0755 },
	{ "srv", 0755 },        { "opt", 0755 },        { "var/spool/cron/crontabs", 0755 },
};

/* Init is told to halt by SIGINT, which it takes for Ctrl+Alt+Del and answers by running rcK: that
 * takes as long as the processes need to end. Its own halt (SIGUSR1) sleeps for two seconds. */
static const char inittab[] = "::sysinit:/etc/init.d/rcS\n"
			      "tty1::respawn:/sbin/getty -L tty1 115200 vt100\n"
			      "console::askfirst:/bin/sh\n"
			      "::ctrlaltdel:/etc/init.d/rcK\n";

static const char rc_start[] =
	"#!/bin/sh\n"
	"[ ! -x /sbin/syslogd ] || /sbin/syslogd\n"
	"mount -a\n"
	"# An address that the container was given stays; else it asks for one.\n"
	"if [ -e /sys/class/net/eth0 ] && [ -x /sbin/udhcpc ] &&\n"
	"   ! ip -4 addr show dev eth0 2>/dev/null | grep -q inet; then\n"
	"\tip link set eth0 up\n"
	"\tudhcpc -b -S -i eth0 -x \"hostname:$(hostname)\" -s /etc/udhcpc/default.script "
	">/dev/null 2>&1 &\n"
	"fi\n";

static const char rc_kill[] =
	"#!/bin/sh\n"
	"# Everything but init and this shell is told to end, and has half a second.\n"
	"cd /\n"
	"trap '' TERM HUP\n"
	"others()\n"
	"{\n"
	"\tfor pid in /proc/[0-9]*; do\n"
	"\t\tcase ${pid#/proc/} in 1 | $$) continue ;; esac\n"
	"\t\t[ ! -e \"$pid\" ] || return 0\n"
	"\tdone\n"
	"\treturn 1\n"
	"}\n"
	"kill -TERM -1\n"
	"kill -HUP -1 # interactive shells\n"
	"for try in 1 2 3 4 5 6 7 8 9 10; do\n"
	"\tothers || break\n"
	"\tusleep 50000\n"
	"done 2>/dev/null\n"
	"poweroff -n -f # without sync: the files are the host's\n";

static const char udhcpc_script[] =
	"#!/bin/sh\n"
	"case $1 in\n"
	"deconfig)\n"
	"\tip addr flush dev $interface\n"
	"\tip link set $interface up\n"
	"\t;;\n"
	"bound | renew)\n"
	"\tip addr flush dev $interface\n"
	"\tip addr add $ip/${mask:-24} dev $interface\n"
	"\tfor gateway in $router; do\n"
	"\t\tip route add default via $gateway dev $interface && break\n"
	"\tdone\n"
	"\t: >/etc/resolv.conf.new\n"
	"\t[ -z \"$domain\" ] || echo \"search $domain\" >>/etc/resolv.conf.new\n"
	"\tfor server in $dns; do\n"
	"\t\techo \"nameserver $server\" >>/etc/resolv.conf.new\n"
	"\tdone\n"
	"\tcat /etc/resolv.conf.new >/etc/resolv.conf\n"
	"\trm -f /etc/resolv.conf.new\n"
	"\t;;\n"
	"esac\n";

/* In a text, '@' stands for the container's name. */
static const struct {
	const char *path;
	mode_t mode;
	const char *text;
} files[] = {
	{ "etc/fstab", 0644, "" },
	{ "etc/group", 0644, "root:x:0:\n" },
	{ "etc/hostname", 0644, "@\n" },
	{ "etc/hosts", 0644, "127.0.0.1 localhost\n127.0.1.1 @\n::1 localhost\n" },
	{ "etc/init.d/rcK", 0755, rc_kill },
	{ "etc/init.d/rcS", 0755, rc_start },
	{ "etc/inittab", 0644, inittab },
	{ "etc/passwd", 0644, "root::0:0:root:/root:/bin/sh\n" },
	{ "etc/profile", 0644, "export PATH=/sbin:/usr/sbin:/bin:/usr/bin\n" },
	{ "etc/shadow", 0600, "" },
	{ "etc/udhcpc/default.script", 0755, udhcpc_script },
};

/* What replaces or adds to the initial configuration, see lxc.container.conf(5). */
static const char config_lines[] =
	"\n# busybox\n"
	"lxc.signal.halt = SIGINT\n"
	"lxc.signal.reboot = SIGTERM\n"
	"lxc.autodev = 1\n"
	"lxc.tty.max = 5\n"
	"lxc.cap.drop = sys_module mac_admin mac_override sys_time\n"
	"lxc.mount.auto = cgroup:mixed proc:mixed sys:ro\n"
	"lxc.mount.entry = shm dev/shm tmpfs rw,nosuid,nodev,create=dir 0 0\n"
	"lxc.mount.entry = mqueue dev/mqueue mqueue rw,nosuid,nodev,noexec,create=dir,optional 0 "
	"0\n";

/* ---- as the caller ---- */

struct busybox {
	char *path;
	int fd;
};

/* Opens one candidate. -ENOENT: it is not there. -ENOEXEC: it will not do, and @err says why. */
static int open_static(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return err_set(err, -errno, "cannot open busybox '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return err_say(err, -ENOEXEC, "busybox '%s' is not an executable file", path);
	r = elf_is_static(fd);
	if (r < 0)
		return err_say(err, -ENOEXEC, "busybox '%s' is not a program of this machine",
		               path);
	if (r > 0)
		return take_fd(&fd);
	err_say(err, -ENOEXEC, "busybox '%s' needs libraries that the container would not have",
	        path);
	err_hint(err, "apt install busybox-static (or the like), or name a static one: "
	              "lxc-create -t busybox NAME -- --busybox-path PATH");
	return -ENOEXEC;
}

static int find_busybox(const char *given, struct busybox *busybox, struct err *err)
{
	struct err first = {};

	for (size_t i = 0; i < ARRAY_SIZE(places) || given; i++) {
		struct err why = {};
		const char *path = given ? given : places[i];
		int fd = open_static(path, &why);

		if (fd >= 0) {
			busybox->fd = fd;
			busybox->path = strdup(path);
			return busybox->path ? 0 : err_oom(err);
		}
		if (given || (fd != -ENOENT && !first.code))
			first = why;
		if (given)
			break;
	}
	if (!first.code) {
		err_say(&first, -ENOENT, "there is no busybox in /bin, /usr/bin or /usr/local/bin");
		err_hint(&first, "apt install busybox-static (or the like)");
	}
	if (err)
		*err = first;
	return first.code;
}

static void busybox_done(struct template_run *run)
{
	struct busybox *busybox = run->data;

	if (!busybox)
		return;
	cleanup_close(&busybox->fd);
	free(busybox->path);
	free(busybox);
	run->data = NULL;
}

static int busybox_prepare(struct template_run *run, struct err *err)
{
	const char *given = NULL;
	const struct template_option options[] = {
		{ .name = "busybox-path", .ret_value = &given },
	};
	struct busybox *busybox;
	int r;

	r = template_parse("busybox", run->words, options, ARRAY_SIZE(options), err);
	if (r < 0)
		return r;
	busybox = calloc(1, sizeof(*busybox));
	if (!busybox)
		return err_oom(err);
	busybox->fd = -EBADF;
	run->data = busybox;
	return find_busybox(given, busybox, err);
}

/* ---- inside ---- */

static int make_dirs(int root, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(root, dirs[i].path, 0755) < 0 ||
		    fchmodat(root, dirs[i].path, dirs[i].mode, 0) < 0)
			return err_set(err, -errno, "cannot make '/%s' in the root file system",
			               dirs[i].path);
	return 0;
}

static int make_file(int root, const char *path, mode_t mode, const char *text, const char *name,
                     struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = 0;

	fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return err_set(err, -errno, "cannot make '/%s' in the root file system", path);
	while (r == 0 && *text) {
		size_t len = strcspn(text, "@");

		r = fd_write(fd, text, len);
		text += len;
		if (r == 0 && *text == '@') {
			r = fd_write(fd, name, strlen(name));
			text++;
		}
	}
	return r < 0 ? err_set(err, r, "cannot write '/%s' in the root file system", path) : 0;
}

static int copy_program(int from, int to)
{
	off_t offset = 0;
	struct stat st;

	if (fstat(from, &st) < 0)
		return -errno;
	while (offset < st.st_size) {
		size_t left = (size_t)(st.st_size - offset);
		ssize_t n = copy_file_range(from, &offset, to, NULL, left, 0);

		if (n < 0)
			n = sendfile(to, from, &offset, left);
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
	}
	return 0;
}

static int install_program(int root, const struct busybox *busybox, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = openat(root, "bin/busybox", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	r = fd < 0 ? -errno : copy_program(busybox->fd, fd);
	if (r == 0 && linkat(root, "bin/busybox", root, "sbin/init", 0) < 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot install '%s' in the root file system", busybox->path)
	             : 0;
}

struct list {
	const struct busybox *busybox;
	const char *option;
	int output;
};

static int exec_list(void *arg, struct err *err)
{
	const struct list *list = arg;
	char *argv[] = { (char *)"busybox", (char *)list->option, NULL };
	char *envp[] = { NULL };
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(list->output, 1) < 0 ||
	    dup2(null_fd, 2) < 0)
		return err_set(err, -errno, "cannot prepare for running busybox");
	(void)fexecve(list->busybox->fd, argv, envp);
	return err_set(err, -errno, "cannot run '%s'", list->busybox->path);
}

/* The applets' names, one a line, with their places when @option is --list-full. */
static int ask_applets(const struct busybox *busybox, const char *option, char **ret_text,
                       struct err *err)
{
	_cleanup_close_ int output = memfd_create("applets", MFD_CLOEXEC);
	struct list list = { .busybox = busybox, .option = option, .output = output };
	int r;

	if (output < 0)
		return err_set(err, -errno, "cannot make a file in memory");
	r = proc_run_child(exec_list, &list, err);
	if (r > 0)
		return err_say(err, -ENOEXEC, "'%s %s' failed with exit status %d", busybox->path,
		               option, r);
	if (r < 0)
		return r;
	if (lseek(output, 0, SEEK_SET) < 0)
		return err_set(err, -errno, "cannot read the list of applets");
	r = fd_read_all(output, LIST_MAX, ret_text, NULL);
	return r < 0 ? err_set(err, r, "cannot read the list of applets") : 0;
}

/* "ash", "bin/ash" or "usr/bin/ash": nothing that leads elsewhere. */
static bool is_applet_path(const char *path)
{
	static const char *const tops[] = { "bin/", "sbin/", "usr/bin/", "usr/sbin/" };
	const char *name = path;

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (str_starts_with(path, tops[i]))
			name = path + strlen(tops[i]);
	return *name && *name != '.' && strlen(name) < 64 &&
	       strspn(name,
	              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.[-+") ==
	               strlen(name);
}

static int link_applet(int root, const char *path, struct err *err)
{
	char full[128];

	(void)snprintf(full, sizeof(full), "%s%s", strchr(path, '/') ? "" : "bin/", path);
	if (symlinkat("/bin/busybox", root, full) < 0 && errno != EEXIST)
		return err_set(err, -errno, "cannot make '/%s' in the root file system", full);
	return 0;
}

static int link_applets(int root, const struct busybox *busybox, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	char *line, *save = NULL;
	size_t n = 0;
	int r;

	r = ask_applets(busybox, "--list-full", &text, NULL);
	if (r < 0)
		r = ask_applets(busybox, "--list", &text, err);
	if (r < 0)
		return r;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!is_applet_path(line))
			continue;
		r = link_applet(root, line, err);
		if (r < 0)
			return r;
		n++;
	}
	if (n == 0)
		return err_say(err, -ENOEXEC, "'%s' is no busybox: it lists no applets",
		               busybox->path);
	return 0;
}

static int busybox_fill(struct template_run *run, struct err *err)
{
	const struct busybox *busybox = run->data;
	int root = run->rootfs_fd;
	int r;

	r = make_dirs(root, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = make_file(root, files[i].path, files[i].mode, files[i].text, run->name, err);
	if (r == 0 &&
	    symlinkat("/etc/udhcpc/default.script", root, "usr/share/udhcpc/default.script") < 0)
		r = err_set(err, -errno, "cannot make a link in the root file system");
	if (r == 0)
		r = install_program(root, busybox, err);
	if (r == 0)
		r = link_applets(root, busybox, err);
	return r;
}

static int busybox_configure(const struct template_run *run, const char *config, char **ret_config,
                             struct err *err)
{
	(void)run;
	if (asprintf(ret_config, "%s%s", config, config_lines) < 0) {
		*ret_config = NULL;
		return err_oom(err);
	}
	return 0;
}

const struct template template_busybox = {
	.name = "busybox",
	.purpose = "a small system around a static busybox, ready at once",
	.help = "--busybox-path PATH   the static busybox to copy, instead of the one in\n"
		"                      /bin, /usr/bin or /usr/local/bin\n",
	.prepare = busybox_prepare,
	.fill = busybox_fill,
	.configure = busybox_configure,
	.done = busybox_done,
};
