/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/net.h"

#include "base/cleanup.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int net_loopback_up(struct err *err)
{
	/* Flags that cannot be set, such as IFF_LOOPBACK, stay as they are: nothing to read first.
	 */
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	_cleanup_close_ int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return err_set(err, -errno, "cannot open a network socket");
	if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		return err_set(err, -errno, "cannot bring the loopback interface 'lo' up");
	return 0;
}
