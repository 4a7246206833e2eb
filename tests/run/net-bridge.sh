#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ordinary users on the administrator's bridge, by the commands that they type: lxc-net gives addresses
# and names, lxc-usernet says who may, and how many. All of it in namespaces of its own, with an /etc
# and a /run of its own; u1 and u2 exist there only.
if [ "$(id -u)" -eq 0 ] && [ -z "${NET_BRIDGE_INSIDE-}" ]; then
	NET_BRIDGE_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc \
		--propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need_root
for program in ip nft dnsmasq busybox newuidmap; do
	need $program
done
: "${policy:=}" "${top_srcdir:=}" # from lib.sh

private_install
mount -t tmpfs -o mode=755 tmpfs /var/lib/misc || skip "cannot mount in a mount namespace"
for command in create start stop attach info ls destroy; do
	ln -s rlxc /run/bin/lxc-$command
done
sed 's|@SYSCONFDIR@|/etc|; s|@LOCALSTATEDIR@|/var|' "$top_srcdir/etc/lxc-net.in" >/run/bin/lxc-net
chmod 755 /run/bin/lxc-net
PATH=/run/bin:$PATH

# Whose new containers are on the bridge
on_bridge='lxc.net.0.type = veth
lxc.net.0.link = lxcbr0
lxc.net.0.flags = up
lxc.net.0.hwaddr = 10:66:6a:xx:xx:xx'
private_user u1 12001 "$on_bridge"
private_user u2 12002 "$on_bridge"

u1()
{
	TEST_USER=u1 as_user timeout -k 5 60 "$@" </dev/null
}

u2()
{
	TEST_USER=u2 as_user timeout -k 5 60 "$@" </dev/null
}

# says COMMAND...: what it has to say to a person
says()
{
	{ "$@" >/dev/null; } 2>&1
}

address()
{
	u1 lxc-info -iH -n "$1" | grep -m 1 '^10\.0\.3\.'
}

ports()
{
	ip -o link show master lxcbr0 | wc -l
}

has_ports()
{
	[ "$(ports)" -eq "$1" ]
}

finds()
{
	u1 lxc-attach "$1" -- ping -c 1 -W 3 "$2"
}

is_stopped()
{
	[ "$(u1 lxc-info -sH -n "$1")" = STOPPED ]
}

# ---- two containers of a user who has a grant of two -----------------------------------------------

ip link set lo up
# dnsmasq asks the network whether an address is taken, which takes three seconds.
printf '%s\n' USE_LXC_BRIDGE=true LXC_DOMAIN=lxc LXC_DHCP_PING=false LXC_IPV6_ENABLE=false >/etc/default/lxc-net
echo 'u1 veth lxcbr0 2' >"$policy"
for name in a b c; do
	ok "u1: lxc-create $name" u1 lxc-create -t busybox $name
done
like "without the bridge" "$(says u1 lxc-start a)" "lxc-start: cannot start 'a': 'lxc.net.0.link = lxcbr0': the host has no *
hint: as root, the bridge service makes it: */lxc-net start"
ok "the administrator starts the bridge" timeout 20 lxc-net start
ok "u1: lxc-start a" u1 lxc-start a
ok "u1: lxc-start b" u1 lxc-start b
ok "a has a lease" wait_for 15 address a
ok "b has a lease" wait_for 15 address b
a=$(address a)
b=$(address b)
not_ok "not the same" test "$a" = "$b"
ok "a finds b by its name" wait_for 5 finds a b
ok "b finds a, in the domain" finds b a.lxc
like "so does the host" "$(busybox nslookup a.lxc 10.0.3.1 2>&1)" "*Address*$a*"
like "the leases hold their names" "$(sort -k 4 /var/lib/misc/dnsmasq.lxcbr0.leases | cut -d' ' -f3,4 | tr '\n' ' ')" \
	"$a a $b b "
like "lxc-ls lists addresses" "$(u1 lxc-ls -f -F NAME,IPV4)" "*a *$a*b *$b*c *-*"
like "lxc-info counts bytes" "$(u1 lxc-info -S a)" "Link: *veth12001_*RX bytes: *[1-9]*Total bytes: *"
like "as JSON" "$(u1 lxc-ls -f -F NAME,IPV4 --format json)" "*\"a\"*\"$a\"*\"b\"*\"$b\"*"
like "as JSON, bytes" "$(u1 lxc-info -S --format json a)" "*\"veth12001_*\"rx_bytes\":[1-9]*"
ok "a may set what is its own network's" \
	u1 lxc-attach a -- sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/promote_secondaries'
not_ok "and nothing else of the kernel" u1 lxc-attach a -- sh -c 'echo 1 >/proc/sys/kernel/panic'
before=$(sed -n 's/.*hwaddr = //p' "$TMP/u1/.local/share/lxc/a/config")
like "a MAC address was drawn for a" "$before" "10:66:6a:[0-9a-f][0-9a-f]:*"
not_ok "another one for b" grep -q "$before" "$TMP/u1/.local/share/lxc/b/config"

# ---- who may not -----------------------------------------------------------------------------------

third=$(says u1 lxc-start c)
is "a third is refused, with what to ask for" "$third" \
	"lxc-start: cannot start 'c': 'lxc.net.0.type = veth' on bridge 'lxcbr0': lxc-user-nic: quota reached
hint: as root, to grant one more: echo 'u1 veth lxcbr0 1' >> $policy"
ok "it is stopped" is_stopped c
is "the bridge has the two" "$(ports)" 2
u2 lxc-create -t busybox d >/dev/null
other=$(says u2 lxc-start d)
is "u2 is refused, with what to ask for" "$other" \
	"lxc-start: cannot start 'd': 'lxc.net.0.type = veth' on bridge 'lxcbr0': lxc-user-nic: not permitted
hint: as root, to grant ten of them: echo 'u2 veth lxcbr0 10' >> $policy"
like "nor may u2 share a's network" "$(says u2 lxc-start --share-net "$(u1 lxc-info -pH a)" d)" \
	"lxc-start: cannot start 'd': *Permission denied*"
is "that changes nothing" "$(ports)" 2

# ---- a place is free again -------------------------------------------------------------------------

ok "u1: lxc-stop a" u1 lxc-stop a
is "its interface is gone" "$(ports)" 1
like "for two interfaces there is no room" \
	"$(says u1 lxc-start -s lxc.net.1.type=veth -s lxc.net.1.link=lxcbr0 c)" "*'lxc.net.1.type = veth'*quota reached*"
is "the first of them is gone" "$(ports)" 1
ok "then the third starts" u1 lxc-start -p "$TMP/u1/pid" -s "lxc.net.0.script.up = echo >>$TMP/u1/up" c
like "its script knows the interface" "$(cat "$TMP/u1/up")" "c net up veth lxcbr0 veth12001_*"
is "and is the user" "$(stat -c %U "$TMP/u1/up")" u1
ok "it has a lease" wait_for 15 address c
ok "it finds b" finds c b
not_ok "u1: lxc-start a: refused again" u1 lxc-start a
kill -9 "$(cat "$TMP/u1/pid")"
ok "the monitor of c is killed: it ends" wait_for 5 is_stopped c
ok "which frees its place" wait_for 5 u1 lxc-start a
ok "a has a lease" wait_for 15 address a
is "the same as before, by the same MAC address" "$(address a)" "$a"
bash -c "${third#*more: }"
ok "the administrator does as the hint says: c starts as well" u1 lxc-start c
bash -c "${other#*them: }"
ok "and u2 has one" u2 lxc-start d
is "the bridge has them all" "$(ports)" 4
u2 lxc-stop -k d
for name in a b c; do
	u1 lxc-stop -k $name
done
ok "all are stopped: the bridge is empty" wait_for 5 has_ports 0
ok "the administrator stops the bridge" timeout 20 lxc-net stop
finish
