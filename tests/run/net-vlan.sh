#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What needs more of the kernel than net.sh does: interfaces of type vlan and ipvlan, VLANs on the
# ports of a bridge, each with traffic. In a network namespace of its own.
. "$(dirname "$0")/lib.sh"
need ip
own_network "$@"

# Two ends of a cable.
ip link add lower0 type veth peer name lower1 2>/dev/null || skip "this kernel has no veth"
ip link set lower0 up
ip link set lower1 up
has_vlan=
has_ipvlan=
has_filter=
ip link add link lower1 name test0 type vlan id 5 2>/dev/null && has_vlan=1 && ip link del test0
ip link add link lower1 name test0 type ipvlan 2>/dev/null && has_ipvlan=1 && ip link del test0
ip link add test0 type bridge vlan_filtering 1 2>/dev/null && has_filter=1 && ip link del test0
[ -n "$has_vlan$has_ipvlan$has_filter" ] ||
	skip "this kernel has no VLANs, no ipvlan and no bridge that looks at VLANs"

rootfs=$TMP/rootfs
small_rootfs "$rootfs"

# config NAME LINE...
config()
{
	local name=$1
	shift
	mkdir -p "$LXCPATH/$name"
	printf '%s\n' "lxc.rootfs.path = dir:$rootfs" "lxc.init.cmd = /bin/sleep 1000" "$@" \
		>"$LXCPATH/$name/config"
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

inside()
{
	lxc attach -n "$1" -- "${@:2}" </dev/null
}

pings()
{
	inside "$1" ping -c 1 -W 2 "$2" >/dev/null
}

links()
{
	ip -o link 2>/dev/null | sed -E 's/^[0-9]+: ([^:@]+).*/\1/' | sort
}

# ---- vlan ------------------------------------------------------------------------------------------

if [ -n "$has_vlan" ]; then
	ip link add link lower1 name far5 type vlan id 5
	ip link set far5 up
	ip addr add 10.5.0.1/24 dev far5
	links >"$TMP/before"
	config v "lxc.net.0.type = vlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" "lxc.net.0.vlan.id = 5" \
		"lxc.net.0.ipv4.address = 10.5.0.2/24" "lxc.net.0.mtu = 1400" "lxc.net.0.name = lower0"
	ok "vlan: it starts" lxc start -n v
	ok "vlan: ping" pings v 10.5.0.1
	like "vlan: name and MTU" "$(inside v ip link show dev lower0)" "*lower0*mtu 1400*"
	lxc stop -k -n v
	config v "lxc.net.0.type = vlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" "lxc.net.0.vlan.id = 6" \
		"lxc.net.0.ipv4.address = 10.5.0.2/24"
	ok "vlan: another one" lxc start -n v
	not_ok "vlan: which hears nothing of the first" pings v 10.5.0.1
	lxc stop -k -n v
	links >"$TMP/after"
	ok "vlan: the host is as before" diff "$TMP/before" "$TMP/after"
fi

# ---- ipvlan ----------------------------------------------------------------------------------------

if [ -n "$has_ipvlan" ]; then
	# The far end is another host. In the modes of layer 3 nobody answers to ARP, and the routes of this
	# host lead to it.
	unshare --net sleep 1000 &
	far=$!
	on_exit 'kill "$far"'
	wait_for 5 sh -c 'test "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)"' sh "$far"
	ip link set lower1 netns "$far"
	mac=$(ip -o link show dev lower0 2>/dev/null | sed 's/.*link.ether \([0-9a-f:]*\).*/\1/')
	nsenter --net="/proc/$far/ns/net" sh -c '
		ip link set lower1 up
		ip addr add 10.7.0.1/24 dev lower1
		for i in 2 3; do ip neigh replace 10.7.0.$i lladdr "$1" dev lower1 nud permanent; done' sh "$mac"
	ip link set lower0 up
	ip addr add 10.7.0.254/24 dev lower0
	for mode in l2 l3 l3s; do
		config i "lxc.net.0.type = ipvlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" \
			"lxc.net.0.ipvlan.mode = $mode" "lxc.net.0.ipv4.address = 10.7.0.2/24"
		ok "ipvlan, $mode: it starts" wait_for 5 lxc start -n i
		ok "ipvlan, $mode: ping" pings i 10.7.0.1
		lxc stop -k -n i
	done
	# Two on one link see each other, unless they are private.
	for isolation in bridge private vepa; do
		for i in 2 3; do
			config i$i "lxc.net.0.type = ipvlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" \
				"lxc.net.0.ipvlan.mode = l2" "lxc.net.0.ipvlan.isolation = $isolation" \
				"lxc.net.0.ipv4.address = 10.7.0.$i/24"
			ok "ipvlan, $isolation: number $i starts" wait_for 5 lxc start -n i$i
		done
		if [ $isolation = bridge ]; then
			ok "ipvlan, $isolation: they see each other" pings i2 10.7.0.3
		else
			not_ok "ipvlan, $isolation: they do not see each other" pings i2 10.7.0.3
		fi
		lxc stop -k -n i2
		lxc stop -k -n i3
	done
	for name in ipv4/conf/lower0/forwarding ipv6/conf/lower0/forwarding ipv6/conf/lower0/proxy_ndp; do
		echo 1 >/proc/sys/net/$name
	done
	{
		ip -4 route show table all
		ip neigh show proxy
	} >"$TMP/before"
	config i "lxc.net.0.type = ipvlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" "lxc.net.0.ipvlan.mode = l3s" \
		"lxc.net.0.l2proxy = 1" "lxc.net.0.ipv4.address = 10.77.0.2/32" "lxc.net.0.ipv4.gateway = dev"
	ok "ipvlan, l2proxy: it starts" wait_for 5 lxc start -n i
	like "ipvlan, l2proxy: neighbour and route" "$(ip neigh show proxy) $(ip route)" "*10.77.0.2 dev lower0*10.77.0.2 dev lo*"
	lxc stop -k -n i
	{
		ip -4 route show table all
		ip neigh show proxy
	} >"$TMP/after"
	ok "ipvlan, l2proxy: the host is as before" diff "$TMP/before" "$TMP/after"
fi

# ---- ports of a bridge -----------------------------------------------------------------------------

if [ -n "$has_filter" ]; then
	ip link add vbr0 type bridge vlan_filtering 1
	ip link set vbr0 up
	for i in 1 2 3; do
		vlan=5
		[ $i -lt 3 ] || vlan=6
		config p$i "lxc.net.0.type = veth" "lxc.net.0.link = vbr0" "lxc.net.0.flags = up" "lxc.net.0.veth.pair = port$i" \
			"lxc.net.0.veth.vlan.id = $vlan" "lxc.net.0.veth.vlan.tagged.id = 10$i" "lxc.net.0.ipv4.address = 10.8.0.$i/24"
		ok "bridge: port $i" lxc start -n p$i
	done
	ok "bridge: the same VLAN" pings p1 10.8.0.2
	not_ok "bridge: another VLAN" pings p1 10.8.0.3
	if has bridge; then
		like "bridge: VLANs of a port" "$(bridge vlan show dev port1 | tr -s ' \n' ' ')" "*port1 5 PVID Egress Untagged 101*"
		config p4 "lxc.net.0.type = veth" "lxc.net.0.link = vbr0" "lxc.net.0.veth.pair = port4" \
			"lxc.net.0.veth.vlan.id = none" "lxc.net.0.veth.vlan.tagged.id = 104"
		ok "bridge: none" lxc start -n p4
		like "bridge: without the default VLAN" "$(bridge vlan show dev port4 | tr -s ' \n' ' ')" "*port4 104 *"
		not_ok "bridge: no PVID" grep -q PVID <<<"$(bridge vlan show dev port4)"
		lxc stop -k -n p4
	fi
	for i in 1 2 3; do
		lxc stop -k -n p$i
	done
	ip link set vbr0 type bridge vlan_filtering 0
	like "bridge: that looks at no VLANs" "$(message lxc start -n p1)" "*'lxc.net.0.veth.vlan.*'vbr0' does not look at VLANs*hint: *"
fi
finish
