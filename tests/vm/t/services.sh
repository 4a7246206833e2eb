#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers as services of systemd: of root and of a user, alone and all that start with the host.
. "$(dirname "$0")/vm.sh"
need_manager
on_exit 'end_user alice'
on_exit 'systemctl stop lxc.service lxc@r1.service; lxc-destroy -f -n r1'

root_state()
{
	lxc-info -sH -n "$1"
}

user_unit() # VERB UNIT
{
	as alice systemctl --user "$@"
}

store=$(lxc-config lxc.lxcpath)
lxc-create -n r1 -t busybox >/dev/null
printf 'lxc.start.auto = 1\nlxc.net.0.type = empty\n' >>"$store/r1/config"
ok "root: the service of a container" systemctl start lxc@r1.service
is "root: is ready when that runs" "$(root_state r1)" RUNNING
like "root: inside the service" "$(cat "/proc/$(lxc-info -n r1 -pH)/cgroup")" "0::*/lxc@r1.service/lxc.payload.r1*"
ok "root: stop" systemctl stop lxc@r1.service
is "root: it is stopped" "$(root_state r1)" STOPPED
is "root: the service did not fail" "$(systemctl is-failed lxc@r1.service)" inactive
ok "root: all that start with the host" systemctl start lxc.service
is "root: runs" "$(root_state r1)" RUNNING
ok "root: their end" systemctl stop lxc.service
is "root: stopped" "$(root_state r1)" STOPPED
is "root: no cgroup is left" "$(left_over)" ""
echo 'lxc.rootfs.path = /nowhere' >>"$store/r1/config"
not_ok "root: a service of what cannot start fails" systemctl start lxc@r1.service
like "root: and its journal says why" "$(journalctl -u lxc@r1.service --no-pager)" "*/nowhere*"

make_container c1 alice 'lxc.start.auto = 1'
ok "alice lingers" linger alice
ok "alice: the service of a container" user_unit start lxc@c1.service
is "alice: it runs" "$(as alice lxc-info -sH -n c1)" RUNNING
# In a scope beside it: what is delegated cannot be told from what is merely the user's.
like "alice: in a cgroup of its own" "$(place c1 alice)" "/user.slice/*/lxc.payload.c1"
since=$(date +%s)
ok "alice: stop" user_unit stop lxc@c1.service
is "alice: it is stopped" "$(as alice lxc-info -sH -n c1)" STOPPED
ok "alice: in ten seconds ($(($(date +%s) - since)) s)" test $(($(date +%s) - since)) -le 10
ok "alice: the service that starts all" user_unit enable --now lxc.service
is "alice: it runs" "$(as alice lxc-info -sH -n c1)" RUNNING
ok "alice: their end" user_unit stop lxc.service
is "alice: stopped" "$(as alice lxc-info -sH -n c1)" STOPPED
is "alice: no cgroup is left" "$(left_over)" ""
finish
