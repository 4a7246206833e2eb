#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-user-nic as the kernel sees it: set-user-ID root, called by two users who attack each other. All
# of it is in namespaces of its own, with an /etc and a /run of its own; usernic.py has the checks.
#
# USERNIC, the program to test; SECTIONS, those of usernic.py, or all; ATTACK_SECONDS, how long each
# of the two attacks lasts that are a matter of luck, and ROUNDS.
. "$(dirname "$0")/lib.sh"

need_root
need python3
need ip
need unshare
need strace
[ -n "${USERNIC-}" ] || USERNIC=$(helper_program lxc-user-nic) || skip "no lxc-user-nic beside $RLXC"
unshare -mnpf true 2>/dev/null || skip "namespaces cannot be made"

export USERNIC
# shellcheck disable=SC2086,SC2154
timeout -k 5 "${USERNIC_SECONDS:-300}" unshare -mnpf --mount-proc --kill-child --propagation private \
	python3 "$top_srcdir/tests/run/usernic.py" ${SECTIONS-use policy foreign matrix records limits process race}
exit
