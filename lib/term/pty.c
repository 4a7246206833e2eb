/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "term/term.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Devices numbers of Documentation/admin-guide/devices.txt: slaves of a devpts. */
#define PTS_MAJOR_FIRST 136
#define PTS_MAJOR_LAST 143

static bool is_slave(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) >= PTS_MAJOR_FIRST &&
	       major(st.st_rdev) <= PTS_MAJOR_LAST;
}

int pty_number(int master_fd)
{
	unsigned int number;

	if (ioctl(master_fd, TIOCGPTN, &number) < 0)
		return -errno;
	return (int)number;
}

int pty_open_peer(int master_fd, int *ret_slave, struct err *err)
{
	_cleanup_close_ int slave = -EBADF;
	int unlock = 0;

	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return err_set(err, -errno, "cannot unlock a new pseudo terminal");
	slave = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_set(err, -errno, "cannot open the slave of a new pseudo terminal");
	/* Whatever is mounted around the multiplexer, only a devpts slave is passed on. */
	if (!is_slave(slave))
		return err_say(err, -ENOTTY, "the slave of a new pseudo terminal is no terminal");
	*ret_slave = take_fd(&slave);
	return 0;
}

int pty_open_host(int *ret_master, int *ret_slave, struct err *err)
{
	_cleanup_close_ int master = -EBADF;
	int r;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0) {
		r = err_set(err, -errno, "cannot open '/dev/ptmx' for a new pseudo terminal");
		if (r == -ENOSPC)
			err_hint(err, "all pseudo terminals are in use: raise the sysctl "
			              "kernel.pty.max");
		return r;
	}
	r = pty_open_peer(master, ret_slave, err);
	if (r < 0)
		return r;
	*ret_master = take_fd(&master);
	return 0;
}

int pty_make_controlling(int slave_fd)
{
	return ioctl(slave_fd, TIOCSCTTY, 0) < 0 ? -errno : 0;
}

void pty_plain_output(int slave_fd)
{
	struct termios mode;

	if (tcgetattr(slave_fd, &mode) < 0)
		return;
	mode.c_oflag &= ~(tcflag_t)OPOST;
	(void)tcsetattr(slave_fd, TCSANOW, &mode);
}
