#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-user-idmap as the kernel sees it: set-user-ID root, called by users who want what is not theirs,
# and by their containers, which try to take off what was locked. All of it is in namespaces of its
# own, with an /etc and a /run of its own; useridmap.py has the checks.
#
# USERIDMAP, the program to test; SECTIONS, those of useridmap.py, or all.
. "$(dirname "$0")/lib.sh"

need_root
need python3
need unshare
need strace
[ -n "${USERIDMAP-}" ] || USERIDMAP=$(helper_program lxc-user-idmap) || skip "no lxc-user-idmap beside $RLXC"
unshare -mnpf true 2>/dev/null || skip "namespaces cannot be made"

export USERIDMAP
# shellcheck disable=SC2086,SC2154
timeout -k 5 "${USERIDMAP_SECONDS:-300}" unshare -mnpf --mount-proc --kill-child --propagation private \
	python3 "$top_srcdir/tests/run/useridmap.py" \
	${SECTIONS-start words ids tree mounts images lend locks keep setid overlay games faults attack}
exit
