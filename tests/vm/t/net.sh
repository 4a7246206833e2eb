#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The bridge service as systemd starts it, and two users who ask for interfaces on it: alice
# has a grant of two, bob has none.
. "$(dirname "$0")/vm.sh"
policy=$(dirname "$(dirname "$(readlink -f "$RLXC")")")/etc/lxc # of the installation
[ -d "$policy" ] || policy=/etc/lxc
policy=$policy/lxc-usernet
on_exit 'end_user alice; end_user bob; [ ! -e /sys/class/net/lxcbr0 ] || systemctl stop lxc-net; rm -f $policy'
need_manager

# What the service must give back
host()
{
	ip -o link | cut -d: -f2
	ip route
	nft list ruleset
	cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
}

make_on_bridge()
{
	make_container "$1" "$2" 'lxc.net.0.type = veth' 'lxc.net.0.link = lxcbr0' 'lxc.net.0.flags = up'
}

address()
{
	as alice lxc-info -iH -n "$1" | grep -m 1 '^10\.0\.3\.'
}

# pings NAME ADDRESS
pings()
{
	as alice lxc-attach "$1" -- ping -c 1 -W 5 "$2"
}

ports()
{
	ip -o link show master lxcbr0 | wc -l
}

# Whoever runs it cannot tell a test that was left out from one that passed.
for module in 8021q ipvlan bridge; do
	ok "the kernel has what tests/run/net-vlan.sh needs: $module" modprobe $module
done

host >"$TMP/before"
echo 'alice veth lxcbr0 2' >$policy
systemctl daemon-reload # it was installed after the boot
ok "lxc-net: it starts" systemctl start lxc-net
ok "lxc-net: it is well" systemctl status lxc-net

stay alice
for name in c1 c2 c3; do
	make_on_bridge $name alice
done
ok "alice: the first starts" via ssh alice lxc-start c1
ok "alice: the second starts" via su- alice lxc-start c2
ok "c1 has a lease" wait_for 30 address c1
ok "c2 has a lease" wait_for 30 address c2
not_ok "not the same" test "$(address c1)" = "$(address c2)"
ok "they reach each other" pings c1 "$(address c2)"
ok "both ways" pings c2 "$(address c1)"
ok "and the host" pings c1 10.0.3.1

like "alice: a third is refused" "$(via su- alice lxc-start c3)" \
	"lxc-start: *quota reached*hint: *'alice veth lxcbr0 1' >> $policy*"
is "it is stopped" "$(as alice lxc-info -sH -n c3)" STOPPED
is "two interfaces are on the bridge" "$(ports)" 2
make_on_bridge c1 bob
like "bob: refused" "$(via ssh bob lxc-start c1)" "lxc-start: *hint: *'bob veth lxcbr0 10' >> $policy*"
is "bob: it is stopped" "$(as bob lxc-info -sH -n c1)" STOPPED
is "no more interfaces are on the bridge" "$(ports)" 2

ok "alice: the first stops" as alice lxc-stop -t 20 c1
ok "which frees its place: the third starts" via su- alice lxc-start c3
ok "c3 has a lease" wait_for 30 address c3
ok "and reaches c2" pings c3 "$(address c2)"
ok "c2 stops" as alice lxc-stop -t 20 c2
ok "c3 stops" as alice lxc-stop -t 20 c3
is "no interface is left" "$(ports)" 0
is "no cgroup is left" "$(left_over)" ""
ok "lxc-net: it stops" systemctl stop lxc-net
host >"$TMP/after"
ok "the host is as before" diff "$TMP/before" "$TMP/after"
finish
