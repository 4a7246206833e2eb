#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-user-nic, killed at each of its system calls, and with errors from each of them. ERRORS names
# them: "EPERM EACCES ENOENT EINTR EAGAIN ENOMEM ENOSPC EIO EMFILE" are all that make sense.
command -v strace >/dev/null || {
	. "$(dirname "$0")/lib.sh"
	skip "strace is not installed"
}
export SECTIONS=faults
. "$(dirname "$0")/usernic.sh"
