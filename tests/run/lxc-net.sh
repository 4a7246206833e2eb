#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-net: what it makes, what it answers, what it refuses, and that the host gets everything back.
# All of it in namespaces of its own; "the host" below is their network namespace.
if [ "$(id -u)" -eq 0 ] && [ -z "${LXC_NET_TEST-}" ]; then
	LXC_NET_TEST=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc \
		bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
: "${top_srcdir:=}" # from lib.sh
export who=root       # for lib.sh
need_root
for program in ip nft dnsmasq busybox getent; do
	need $program
done

net=$TMP/lxc-net
say=$TMP/said
state=$TMP/state
settings=/etc/default/lxc-net
sys=/proc/sys/net
mkdir "$TMP/bin"
chmod 755 "$TMP/bin"
PATH=$TMP/bin:$PATH
on_exit 'ip -all netns delete 2>/dev/null'

# ---- the host, the world outside, containers ---------------------------------------------------

mkdir -p /etc/default
for dir in /run /var/lib/misc /etc/default; do
	mount -t tmpfs -o mode=755 private $dir || skip "cannot mount in a mount namespace"
done
mount -t sysfs sysfs /sys
sed 's|@SYSCONFDIR@|/etc|; s|@LOCALSTATEDIR@|/var|' "$top_srcdir/etc/lxc-net.in" >"$net"
chmod 755 "$net"

# mask FILE [WITH]: this file is gone, or another one, for this test
mask()
{
	mount --bind "${2:-/dev/null}" "$(readlink -f "$1")"
}

unmask()
{
	umount "$(readlink -f "$1")"
}

echo 'nameserver 127.0.0.1' >"$TMP/resolv.conf"
printf 'hosts: files dns\npasswd: files\n' >"$TMP/nsswitch.conf"
[ ! -e "$(readlink -f /etc/resolv.conf)" ] || mask /etc/resolv.conf "$TMP/resolv.conf"
mask /etc/nsswitch.conf "$TMP/nsswitch.conf"

ip link set lo up
ip netns add out
ip link add up0 type veth peer name eth0 netns out
echo 0 >$sys/ipv6/conf/up0/accept_dad
ip address add 198.51.100.1/24 dev up0
ip -6 address add 2001:db8:5::1/64 dev up0 nodad
ip link set up0 up
ip -n out address add 198.51.100.2/24 dev eth0
ip -n out -6 address add 2001:db8:5::2/64 dev eth0 nodad
ip -n out link set eth0 up
ip -n out link set lo up

cat >"$TMP/udhcpc" <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" broadcast + dev "$interface"
ip route add default via "$router"
echo "ip=$ip router=$router dns=$dns domain=$domain" >"$LEASE"
END
chmod 755 "$TMP/udhcpc"

# container NAME: a network namespace whose eth0 is on the bridge as vNAME
container()
{
	ip netns add "$1" && ip link add "v$1" type veth peer name eth0 netns "$1" &&
		ip link set "v$1" master lxcbr0 up && ip -n "$1" link set lo up && ip -n "$1" link set eth0 up
}

in_container()
{
	timeout -k 1 20 ip netns exec "$@"
}

# The veth goes with its namespace, though not at once.
remove_container()
{
	ip link delete "v$1"
	ip netns delete "$1"
}

# lease NAME [HOSTNAME]: asks for an address, prints the lease
lease()
{
	rm -f "$TMP/lease"
	LEASE=$TMP/lease in_container "$1" busybox udhcpc -i eth0 -f -q -n -t 10 -T 1 \
		-x "hostname:${2:-$1}" -s "$TMP/udhcpc" >"$TMP/udhcpc.log" 2>&1
	cat "$TMP/lease"
}

# answer NAME WHAT SERVER: the address that a container is told
answer()
{
	in_container "$1" busybox nslookup -type=a "$2" "$3" 2>&1 | sed -n '/^Name:/,$s/^Address[^:]*: *\([^ ]*\).*/\1/p'
}

pings()
{
	in_container "$1" busybox ping -c 1 -W 2 "$2"
}

# ---- the service -------------------------------------------------------------------------------

# LINES: the settings, without the wait of dnsmasq for somebody who has an address already
settings()
{
	printf '%s\n' LXC_DHCP_PING=false "$@" >$settings
}

lxc_net()
{
	timeout -k 1 20 "$net" "$@" >"$say.out" 2>"$say"
}

# Everything that a stop must give back
host()
{
	ip -o link show | sed 's/ qdisc .*\(link\)/ \1/; s/ [0-9]* state//; s/<.*UP.*> /UP /; s/^[0-9]*: //'
	ip -o address show | sed 's/ valid_lft.*//; s/^[0-9]*: //'
	ip route show table all | grep -v '^multicast ff00'
	nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'
	grep -rs . $sys/ipv4/ip_forward $sys/ipv4/conf $sys/ipv6/conf | grep -v stable_secret
	# shellcheck disable=SC2009
	ps -e -o args | grep '^dnsmasq'
	find /run/lxc -mindepth 1 ! -name lxc-net.lock 2>/dev/null
}

unchanged()
{
	is "$1" "$(host | diff "$state" -)" ""
}

# refused WHAT MESSAGE HINT [SETTING...]: start fails, says so in two lines, leaves nothing
refused()
{
	refused_what=$1
	refused_message=$2
	refused_hint=$3
	shift 3
	settings "$@"
	host >"$state"
	exits 1 "refused: $refused_what" lxc_net start
	like "...with the reason" "$(sed -n 1p "$say")" "lxc-net: $refused_message"
	like "...and what to do" "$(sed -n '2,$p' "$say")" "$refused_hint"
	unchanged "...and nothing is left"
}

dnsmasq_pid()
{
	cat /run/lxc/dnsmasq.pid
}

words()
{
	exits 2 "no word" lxc_net
	exits 2 "an unknown word" lxc_net begin
	like "...gives the usage" "$(cat "$say")" "Usage: lxc-net {start|stop|restart|*"
	settings USE_LXC_BRIDGE=false
	for word in start stop restart reload; do
		exits 0 "switched off: $word" lxc_net $word
	done
	not_ok "...does nothing" ip link show lxcbr0
	exits 3 "status of a stopped one" lxc_net status
	settings
	exits 1 "stop of a stopped one" lxc_net stop
	is "...says so" "$(cat "$say.out")" "lxc-net isn't running"
	exits 1 "only root starts it" setpriv --reuid 65534 --clear-groups "$net" start
}

network()
{
	settings LXC_DOMAIN=lxc "LXC_DHCP_CONFILE=$TMP/dnsmasq.conf"
	echo 'dhcp-host=mail1,10.0.3.100' >"$TMP/dnsmasq.conf"
	# Values that the switches for all interfaces overwrite
	echo 0 >$sys/ipv4/conf/all/accept_redirects
	echo 1 >$sys/ipv4/conf/up0/forwarding
	host >"$TMP/before"
	exits 0 "start" lxc_net start
	is "...without a word" "$(cat "$say" "$say.out")" ""
	like "the bridge" "$(ip -o -4 address show lxcbr0)" "*inet 10.0.3.1/24 brd 10.0.3.255*"
	like "...its MAC address" "$(ip -o link show lxcbr0)" "*link/ether 10:66:6a:00:00:00*"
	is "forwarding" "$(cat $sys/ipv4/ip_forward $sys/ipv6/conf/all/forwarding)" "1
1"
	is "containers do not advertise routes to the host" "$(cat $sys/ipv6/conf/lxcbr0/accept_ra)" 0
	exits 0 "status" lxc_net status
	like "...of a running one" "$(cat "$say.out")" "lxc-net is running: lxcbr0 10.0.3.1/24*"
	ok "...also for an ordinary user" setpriv --reuid 65534 --clear-groups "$net" status
	host >"$state"
	exits 1 "a second start" lxc_net start
	is "...says so" "$(cat "$say.out")" "lxc-net is already running"
	unchanged "...and changes nothing"

	container c1
	container c2
	container mail
	like "a lease" "$(lease c1)" "ip=10.0.3.* router=10.0.3.1 dns=10.0.3.1 domain=lxc"
	address1=$(sed -n 's/ip=\([^ ]*\).*/\1/p' "$TMP/lease")
	like "another one" "$(lease c2)" "ip=10.0.3.*"
	address2=$(sed -n 's/ip=\([^ ]*\).*/\1/p' "$TMP/lease")
	like "a static one" "$(lease mail mail1)" "ip=10.0.3.100 *"
	ok "the lease file" grep -q " $address1 c1 " /var/lib/misc/dnsmasq.lxcbr0.leases
	is "a container finds the other by name" "$(answer c1 c2 10.0.3.1)" "$address2"
	is "...and in the domain" "$(answer c1 c2.lxc 10.0.3.1)" "$address2"
	ok "...and reaches it" pings c1 "$address2"

	# The program that the host asks knows who answers for .lxc
	dnsmasq --conf-file=/dev/null --no-resolv --user=root --bind-interfaces --except-interface=lxcbr0 \
		--interface=lo --server=/lxc/10.0.3.1 --address=/outside.test/198.51.100.2 --pid-file="$TMP/pid"
	is "the host finds a container" "$(getent ahostsv4 c1.lxc | awk '{ print $1; exit }')" "$address1"
	is "a container finds the world" "$(answer c1 outside.test 10.0.3.1)" 198.51.100.2
	kill "$(cat "$TMP/pid")"
	rm -f "$TMP/pid"

	# The world knows no way to 10.0.3.0/24 but gets these from the host's own address.
	ok "masquerade" pings c1 198.51.100.2
	not_ok "...is what does it" pings out "$address1"

	exits 0 "stop with containers" lxc_net stop
	like "...says that the bridge stays" "$(cat "$say")" "lxc-net: the bridge lxcbr0 stays,*vc1 *"
	ok "...with them" ip link show vc1
	exits 3 "...and it is stopped" lxc_net status
	exits 0 "start again" lxc_net start
	ok "...and the containers are back" pings c1 198.51.100.2
	for word in restart reload force-reload; do
		exits 0 "$word" lxc_net $word
		is "...without a word" "$(cat "$say" "$say.out")" ""
	done
	ok "...and the containers are there" pings c1 "$address2"
	like "...with their leases" "$(lease c2)" "ip=$address2 *"

	for name in c1 c2 mail; do
		remove_container $name
	done
	exits 0 "stop" lxc_net stop
	is "the host has everything back" "$(host | diff "$TMP/before" -)" ""
	echo 1 >$sys/ipv4/conf/all/accept_redirects
	echo 0 >$sys/ipv4/conf/up0/forwarding
}

has_ipv6_address()
{
	ip -n "$1" -6 -o address show dev eth0 scope global -tentative | grep -q "inet6 $2"
}

ipv6()
{
	settings
	lxc_net start
	like "the unique local network" "$(ip -o -6 address show lxcbr0 scope global)" "*inet6 fd??:????:????::1/64*"
	lxc_net stop
	settings LXC_IPV6_ENABLE=false
	lxc_net start
	is "no IPv6" "$(ip -o -6 address show lxcbr0 scope global)$(cat $sys/ipv6/conf/all/forwarding)" 0
	lxc_net stop
	settings LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64
	host >"$state"
	exits 0 "a network of one's own" lxc_net start
	container c1
	ok "the container configures itself" wait_for 10 has_ipv6_address c1 fd42:
	ok "...reaches the host" pings c1 fd42::1
	ok "...and the world" pings c1 2001:db8:5::2
	remove_container c1
	lxc_net stop
	unchanged "stop"
	settings LXC_IPV6_NAT=false
	lxc_net start
	not_ok "without masquerade" grep -q ip6 <(nft list table inet lxc)
	lxc_net stop

	# A default route that a router advertised stays, though the host is a router now.
	settings
	ip -6 route add default via fe80::1 dev up0 proto ra
	host >"$state"
	lxc_net start
	is "advertised routes stay" "$(cat $sys/ipv6/conf/up0/accept_ra)" 2
	lxc_net stop
	unchanged "...and so do they at a stop"
	ip -6 route delete default via fe80::1 dev up0

	echo 1 >$sys/ipv6/conf/default/disable_ipv6
	exits 0 "IPv6 switched off" lxc_net start
	is "...without a word" "$(cat "$say")" ""
	lxc_net stop
	echo 0 >$sys/ipv6/conf/default/disable_ipv6
	mount -t tmpfs nothing $sys/ipv6
	exits 0 "a kernel without IPv6" lxc_net start
	is "...without a word" "$(cat "$say")" ""
	exits 0 "...stop" lxc_net stop
	settings LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64
	exits 0 "...though asked for" lxc_net start
	like "...says so" "$(cat "$say")" "*no IPv6*continuing without it"
	lxc_net stop
	umount $sys/ipv6
}

wrong_settings()
{
	hint="hint: correct it in $settings"
	refused "an address" "LXC_ADDR is '10.0.300.1'*" "$hint" LXC_ADDR=10.0.300.1
	refused "an address with an octal part" "LXC_ADDR is '10.0.3.010'*" "$hint" LXC_ADDR=10.0.3.010
	refused "an address elsewhere" "LXC_ADDR is '10.0.4.1'*" "$hint" LXC_ADDR=10.0.4.1
	refused "a mask" "LXC_NETMASK is '255.0.255.0'*" "$hint" LXC_NETMASK=255.0.255.0
	refused "another length" "LXC_NETWORK is '10.0.3.0/16'*/24" "$hint" LXC_NETWORK=10.0.3.0/16
	refused "a range" "LXC_DHCP_RANGE is *" "$hint" LXC_DHCP_RANGE=10.0.3.2,10.0.4.9
	refused "a name" "LXC_BRIDGE is 'a/b'*" "$hint" LXC_BRIDGE=a/b
	refused "a number" "LXC_DHCP_MAX is 'many'*" "$hint" LXC_DHCP_MAX=many
	refused "a domain" "LXC_DOMAIN is *" "$hint" "LXC_DOMAIN='/x/'"
	refused "half of IPv6" "LXC_IPV6_ADDR*" "hint: set all three*" LXC_IPV6_ADDR=fd42::1
	refused "an IPv6 address" "cannot give lxcbr0 the address fd42::1::1/64: *" "" \
		LXC_IPV6_ADDR=fd42::1::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64
	refused "a MAC address" "cannot set LXC_BRIDGE_MAC: *" "" LXC_BRIDGE_MAC=10:66:6a
	refused "a shell mistake" "cannot read the settings: *$settings*" "" "LXC_ADDR='"
	refused "the time of a lease" "cannot start dnsmasq: *dhcp-range*" "" LXC_DHCP_RANGE=10.0.3.2,10.0.3.9,soon
	refused "a file of dnsmasq's" "cannot start dnsmasq: *nowhere*" "" LXC_DHCP_CONFILE=/nowhere
	settings LXC_NETMASK=255.255.0.0 LXC_NETWORK=10.7.0.0/16 LXC_ADDR=10.7.0.1 LXC_DHCP_RANGE=10.7.9.1,10.7.9.9
	exits 0 "a larger network" lxc_net start
	like "...has its length" "$(ip -o -4 address show lxcbr0)" "*inet 10.7.0.1/16 brd 10.7.255.255*"
	settings LXC_BRIDGE=lxcbr7 LXC_ADDR=10.0.300.1
	exits 1 "restart with a mistake" lxc_net restart
	settings
	exits 0 "...leaves what runs" lxc_net status
	settings LXC_BRIDGE=lxcbr7
	exits 0 "another bridge at a restart" lxc_net restart
	not_ok "...the first one is gone" ip link show lxcbr0
	settings
	exits 0 "stop, whatever the settings say by now" lxc_net stop
	not_ok "...takes down what was started" ip link show lxcbr7
}

overlaps()
{
	ip route add 10.0.3.128/25 via 198.51.100.2
	refused "a part of it is elsewhere" "the network 10.0.3.0/24 overlaps *10.0.3.128/25 via 198.51.100.2*" \
		"hint: 10.0.10.0/24 is free; *LXC_ADDR=10.0.10.1*"
	ip route delete 10.0.3.128/25
	ip route add 10.0.0.0/16 via 198.51.100.2
	refused "it is a part of another" "the network 10.0.3.0/24 overlaps *10.0.0.0/16 *" "hint: 192.168.3.0/24 is free;*"
	ip route delete 10.0.0.0/16
	ip address add 10.0.3.7/32 dev lo
	refused "an address of this host" "the network 10.0.3.0/24 overlaps *10.0.3.7 dev lo*" "hint: 10.0.10.0/24 *"
	ip address delete 10.0.3.7/32 dev lo
	ip -6 route add fd42::/32 dev up0
	refused "IPv6" "the network fd42::/64 overlaps *fd42::/32*" "hint: *LXC_IPV6_ENABLE=false" \
		LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64
	ip -6 route delete fd42::/32 dev up0
	# The way to everything, in two halves as a VPN has it, and what goes nowhere
	ip route add default via 198.51.100.2
	ip route add 0.0.0.0/1 via 198.51.100.2
	ip route add blackhole 10.0.0.0/8
	settings
	exits 0 "default routes are no overlap" lxc_net start
	lxc_net stop
	ip route delete 0.0.0.0/1
	ip route delete default
	ip route delete blackhole 10.0.0.0/8
}

others_bridge()
{
	ip link add lxcbr0 type veth peer name lxcbr1
	refused "not a bridge" "the interface lxcbr0 is there and is not a bridge" "hint: choose another*"
	ip link delete lxcbr0
	ip link add lxcbr0 type bridge
	ip address add 203.0.113.1/24 dev lxcbr0
	settings
	host >"$state"
	exits 0 "somebody's bridge is used" lxc_net start
	ok "...has the address" grep -q '10.0.3.1/24' <(ip address show lxcbr0)
	lxc_net stop
	unchanged "...and is as it was"
	ip link delete lxcbr0

	# What LXC's own leaves when this takes its place
	ip link add lxcbr0 type bridge
	ip address add 10.0.3.1/24 dev lxcbr0
	ip link set lxcbr0 up
	nft add table ip lxc
	: >/run/lxc/network_up
	exits 0 "LXC's network is stopped" lxc_net stop
	not_ok "...its bridge is gone" ip link show lxcbr0
	is "...and its rules" "$(nft list ruleset)" ""
}

# warns WHAT MESSAGE HINT: start works, and warns
warns()
{
	settings
	exits 0 "start with $1" lxc_net start
	like "...is warned of" "$(sed -n 1p "$say")" "lxc-net: $2"
	is "...with the line to add" "$(sed -n '2,$p' "$say")" "hint: $3"
	lxc_net stop
}

firewalls()
{
	nft 'table inet filter { chain closed { type filter hook forward priority 0; policy drop; ct state established accept; }; }'
	warns "a closed forward chain" "the nftables chain inet filter closed drops *" \
		"nft insert rule inet filter closed iifname lxcbr0 accept && nft insert rule inet filter closed oifname lxcbr0 accept"
	lxc_net start
	container c1
	lease c1 >/dev/null
	not_ok "...and it does drop" pings c1 198.51.100.2
	bash -c "$(sed -n 's/^hint: //p' "$say")"
	ok "...until the line is there" pings c1 198.51.100.2
	remove_container c1
	lxc_net restart
	is "...then there is no warning" "$(cat "$say")" ""
	lxc_net stop
	nft flush ruleset

	nft 'table inet filter { chain closed { type filter hook forward priority 0; policy drop; ct state established accept; }; }'
	nft insert rule inet filter closed iifname lxcbr0 accept
	lxc_net start
	is "...nor for a chain that accepts replies and what containers send" "$(cat "$say")" ""
	lxc_net stop
	nft flush ruleset

	nft 'table ip mine { chain in { type filter hook input priority 0; iifname "lo" accept; counter drop; }; }'
	warns "a closed input chain" "the nftables chain ip mine in drops what containers ask of this host*" \
		"nft insert rule ip mine in iifname lxcbr0 accept"
	nft flush ruleset

	nft 'table ip filter { chain DOCKER-USER { return; }; chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER; }; }'
	warns "docker" "the nftables chain ip filter FORWARD drops *" \
		"iptables -I DOCKER-USER -i lxcbr0 -j ACCEPT && iptables -I DOCKER-USER -o lxcbr0 -j ACCEPT"
	nft flush ruleset

	nft 'table ip filter { chain ufw-user-forward { return; }; chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-user-forward; }; }'
	warns "ufw" "the nftables chain ip filter FORWARD drops *" \
		"ufw route allow in on lxcbr0 && ufw route allow out on lxcbr0"
	nft flush ruleset

	nft 'table inet firewalld { chain filter_INPUT { type filter hook input priority 10; reject with icmpx admin-prohibited; }; chain filter_FORWARD { type filter hook forward priority 10; reject with icmpx admin-prohibited; }; }'
	warns "firewalld" "the nftables chain inet firewalld filter_* drops *" \
		"firewall-cmd --permanent --zone=trusted --change-interface=lxcbr0 && firewall-cmd --reload"
	printf '#!/bin/sh\ncase $* in *get-zone*) echo "$ZONE" ;; *zone=trusted*target*) echo ACCEPT ;; *) echo default ;; esac\n' \
		>"$TMP/bin/firewall-cmd"
	chmod 755 "$TMP/bin/firewall-cmd"
	ZONE=public lxc_net start
	like "...in a zone that drops" "$(cat "$say")" "*firewalld*"
	ZONE=trusted lxc_net restart
	is "...in one that does not" "$(cat "$say")" ""
	lxc_net stop
	rm "$TMP/bin/firewall-cmd"
	nft flush ruleset

	has iptables-legacy && iptables-legacy -P FORWARD DROP 2>/dev/null || return
	warns "iptables without nftables" "the iptables chain FORWARD drops *" \
		"iptables -I FORWARD -i lxcbr0 -j ACCEPT && iptables -I FORWARD -o lxcbr0 -j ACCEPT"
	iptables-legacy -P FORWARD ACCEPT
}

# with_iptables PROGRAM: the rules in another shape
with_iptables()
{
	printf '#!/bin/sh\nexec %s "$@"\n' "$1" >"$TMP/bin/iptables"
	printf '#!/bin/sh\nexec %s "$@"\n' "ip6${1#ip}" >"$TMP/bin/ip6tables"
	chmod 755 "$TMP/bin/iptables" "$TMP/bin/ip6tables"
	settings LXC_USE_NFT=false LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64
	# The programs make their tables at first use.
	rules >/dev/null
	iptables -P FORWARD DROP
	ip6tables -P FORWARD DROP
	rules >"$state"
	exits 0 "$1: start" lxc_net start
	like "...no firewall in the way" "$(cat "$say")" ""
	exits 0 "...status" lxc_net status
	container c1
	like "...lease" "$(lease c1)" "ip=10.0.3.*"
	ok "...masquerade" pings c1 198.51.100.2
	ok "...an IPv6 address" wait_for 10 has_ipv6_address c1 fd42:
	ok "...masquerade" pings c1 2001:db8:5::2
	remove_container c1
	iptables -D FORWARD -i lxcbr0 -j ACCEPT
	exits 1 "...status without a rule" lxc_net status
	exits 0 "...restart" lxc_net restart
	exits 0 "...stop" lxc_net stop
	is "...and the rules are back" "$(rules | diff "$state" -)" ""
	iptables -P FORWARD ACCEPT
	ip6tables -P FORWARD ACCEPT
	rm "$TMP/bin/iptables" "$TMP/bin/ip6tables"
}

rules()
{
	for table in filter nat mangle; do
		iptables -t $table -S
		ip6tables -t $table -S
	done 2>/dev/null
}

without_nftables()
{
	! has iptables-nft || with_iptables iptables-nft
	nft flush ruleset
	! has iptables-legacy || ! iptables-legacy -S >/dev/null 2>&1 || with_iptables iptables-legacy
	programs=$(type -ap nft iptables | xargs -n 1 readlink -f | sort -u)
	for program in $programs; do
		mask "$program"
	done
	settings
	exits 1 "no firewall program at all" lxc_net start
	like "...names what is missing" "$(cat "$say")" "*'iptables' is not there*install nftables"
	for program in $programs; do
		unmask "$program"
	done
}

# ---- mishaps -----------------------------------------------------------------------------------

poor_hosts()
{
	settings
	grep -Ev '^(lxc-dnsmasq|dnsmasq|nobody):' /etc/passwd >"$TMP/passwd"
	mask /etc/passwd "$TMP/passwd"
	exits 0 "none of the usual users" lxc_net start
	lxc_net stop
	unmask /etc/passwd
	mount -o remount,ro /var/lib/misc
	exits 0 "a read-only /var/lib" lxc_net start
	like "...says where leases are" "$(cat "$say")" "*leases are kept in /run/lxc and forgotten*"
	container c1
	like "...which are given" "$(lease c1)" "ip=10.0.3.*"
	remove_container c1
	lxc_net stop
	mount -o remount,rw /var/lib/misc
	rm -f /run/lxc/*.leases

	busybox nc -ll -p 53 -e true &
	busy=$!
	wait_for 5 grep -q ':0035 ' /proc/net/tcp /proc/net/tcp6
	refused "a busy port 53 with a domain to resolve" "cannot resolve lxc: port 53 of 10.0.3.1 is taken by *" \
		"hint: keep * off lxcbr0*" LXC_DOMAIN=lxc
	settings
	exits 0 "a busy port 53" lxc_net start
	like "...is warned of" "$(cat "$say")" "*port 53 of 10.0.3.1 is taken by *process $busy*ask that for names*"
	container c1
	like "...containers ask who has it" "$(lease c1)" "ip=10.0.3.* dns=10.0.3.1 *"
	remove_container c1
	lxc_net stop
	kill $busy
}

accidents()
{
	settings
	host >"$state"
	lxc_net start
	kill -9 "$(dnsmasq_pid)"
	wait_for 5 not kill -0 "$(dnsmasq_pid)"
	exits 1 "status without dnsmasq" lxc_net status
	is "...says so" "$(cat "$say")" "lxc-net: running, but dnsmasq is not running
hint: lxc-net restart"
	exits 0 "...restart" lxc_net restart
	exits 0 "...repairs it" lxc_net status
	nft flush ruleset
	exits 1 "status without the rules" lxc_net status
	like "...says so" "$(cat "$say")" "*rules are gone*"
	exits 0 "...start repairs it" lxc_net start
	exits 0 "...so status says" lxc_net status
	ip address delete 10.0.3.1/24 dev lxcbr0
	exits 1 "status without the address" lxc_net status
	ip link delete lxcbr0
	exits 1 "status without the bridge" lxc_net status
	exits 0 "...restart" lxc_net restart
	rm /run/lxc/dnsmasq.pid
	exits 0 "a lost pid file" lxc_net restart

	# A process that is nothing of ours has the number by now, also one that is a dnsmasq.
	kill -9 "$(dnsmasq_pid)"
	sleep 60 &
	other=$!
	echo $other >/run/lxc/dnsmasq.pid
	exits 1 "the pid of another process" lxc_net status
	exits 0 "...stop" lxc_net stop
	ok "...leaves it alone" kill -0 $other
	kill $other
	lxc_net start
	ip netns exec out dnsmasq --conf-file=/dev/null --pid-file=/run/lxc/dnsmasq.pid --port=0 --user=root
	other=$(dnsmasq_pid)
	exits 0 "stop beside the dnsmasq of another network" lxc_net stop
	ok "...leaves it alone" kill -0 "$other"
	kill "$other"
	wait_for 5 not kill -0 "$other"
	unchanged "nothing is left of all that"

	# Killed in the middle, where nothing can be cleared away
	printf '#!/bin/sh\necho $$ >"%s"\nexec sleep 60\n' "$TMP/pid" >"$TMP/bin/dnsmasq"
	chmod 755 "$TMP/bin/dnsmasq"
	"$net" start >"$say" 2>&1 &
	wait_for 5 test -s "$TMP/pid"
	kill -9 $!
	kill "$(cat "$TMP/pid")"
	wait $! 2>/dev/null
	rm "$TMP/bin/dnsmasq"
	ok "a start that is killed leaves a bridge" ip link show lxcbr0
	exits 3 "...is not up" lxc_net status
	exits 0 "...the next one works" lxc_net start
	exits 0 "...and its stop" lxc_net stop
	unchanged "...gives everything back"
	printf '#!/bin/sh\n[ "$1" = list ] && exit\necho "no rules today" >&2\nexit 1\n' >"$TMP/bin/nft"
	chmod 755 "$TMP/bin/nft"
	exits 1 "rules that are refused" lxc_net start
	is "...are named" "$(cat "$say")" "lxc-net: cannot set firewall rules: no rules today"
	rm "$TMP/bin/nft"
	unchanged "...and nothing is left"
	printf '#!/bin/sh\necho broken >&2\nexit 1\n' >"$TMP/bin/dnsmasq"
	chmod 755 "$TMP/bin/dnsmasq"
	exits 1 "a dnsmasq that fails" lxc_net start
	is "...is quoted" "$(cat "$say")" "lxc-net: cannot start dnsmasq: broken"
	rm "$TMP/bin/dnsmasq"
	unchanged "...and nothing is left"
	for i in 1 2 3 4; do
		timeout 20 "$net" start >"$TMP/start.$i" 2>&1 &
	done
	wait
	is "four starts at once: one makes it" "$(cat "$TMP"/start.*)" "$(yes 'lxc-net is already running' | head -n 3)"
	exits 0 "...whole" lxc_net status
	# The journal of an earlier life, where /run is on a disk
	sed -i '1s/.*/boot 0/' /run/lxc/lxc-net.journal
	exits 1 "after a reboot there is nothing to stop" lxc_net stop
	exits 0 "...and a start works" lxc_net start
	lxc_net stop
	rm -f /run/lxc/*.leases
}

not()
{
	! "$@"
}

# runs_dhcp NAME LINE...: a container whose init asks for an address, and changes what such programs do
runs_dhcp()
{
	mkdir "$LXCPATH/$1"
	printf '%s\n' "lxc.rootfs.path = dir:$TMP/rootfs" "lxc.uts.name = $1" "lxc.mount.auto = proc:mixed sys:ro" \
		"lxc.init.cmd = /bin/udhcpc -i eth0 -f -s /bin/got-lease -O hostname -x hostname:$1" \
		lxc.net.0.type=veth lxc.net.0.link=lxcbr0 lxc.net.0.flags=up "${@:2}" >"$LXCPATH/$1/config"
	ok "container $1" lxc start -n "$1"
}

inside()
{
	lxc attach -n "$1" -- "${@:2}" </dev/null
}

has_lease()
{
	inside "$1" ip -4 address show dev eth0 | grep -q "inet $2"
}

# Real containers
containers()
{
	on_exit end_containers
	mkdir -p "$TMP/rootfs"/{bin,dev,etc,proc,sys}
	cp "$(command -v busybox)" "$TMP/rootfs/bin/busybox"
	for tool in sh ip ping udhcpc hostname cat; do
		ln -s busybox "$TMP/rootfs/bin/$tool"
	done
	cat >"$TMP/rootfs/bin/got-lease" <<-'END'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		echo 1 >"/proc/sys/net/ipv4/conf/$interface/promote_secondaries"
		ip address add "$ip/$mask" broadcast + dev "$interface"
		ip route add default via "$router"
		[ -z "$hostname" ] || hostname "$hostname"
		echo "nameserver $dns" >/dev/resolv.conf
	END
	chmod 755 "$TMP/rootfs/bin/got-lease"
	ln -s /dev/resolv.conf "$TMP/rootfs/etc/resolv.conf"
	echo 'dhcp-host=10:66:6a:00:00:77,named,10.0.3.77' >"$TMP/dnsmasq.conf"
	settings LXC_DOMAIN=lxc "LXC_DHCP_CONFILE=$TMP/dnsmasq.conf"
	host >"$state"
	lxc_net start
	runs_dhcp web
	runs_dhcp db lxc.net.0.hwaddr=10:66:6a:00:00:77
	ok "its init gets a lease" wait_for 10 has_lease web 10.0.3.
	ok "...a static one" wait_for 10 has_lease db 10.0.3.77/24
	is "...sets what it may for its network" \
		"$(inside web cat /proc/sys/net/ipv4/conf/eth0/promote_secondaries)" 1
	ok "...and the host name that it is told" wait_for 5 is_named db named
	ok "they find each other by name" inside web ping -c 1 -W 2 named
	ok "...and reach the world" inside web ping -c 1 -W 2 198.51.100.2
	ok "the leases hold their names" grep -q ' web ' /var/lib/misc/dnsmasq.lxcbr0.leases
	exits 0 "restart below running containers" lxc_net restart
	ok "...leaves them connected" inside web ping -c 1 -W 2 198.51.100.2
	for name in web db; do
		lxc stop -k -n $name
	done
	lxc_net stop
	unchanged "nothing is left"
}

is_named()
{
	[ "$(inside "$1" hostname)" = "$2" ]
}

openrc_and_systemd()
{
	sed 's|@LIBEXEC@/lxc-net|'"$net"'|' "$top_srcdir/etc/init.d/lxc-net.in" >"$TMP/openrc"
	cat >"$TMP/openrc-run" <<-'END'
		ebegin() { echo "* $1"; }
		eend() { return "$1"; }
		einfo() { echo "$1"; }
		RC_SVCNAME=lxc-net
		. "$1"
		"$2"
	END
	settings
	host >"$state"
	exits 0 "OpenRC: start" sh "$TMP/openrc-run" "$TMP/openrc" start
	exits 0 "OpenRC: status" sh "$TMP/openrc-run" "$TMP/openrc" status
	exits 0 "OpenRC: reload" sh "$TMP/openrc-run" "$TMP/openrc" reload
	exits 0 "OpenRC: stop" sh "$TMP/openrc-run" "$TMP/openrc" stop
	exits 3 "OpenRC: stopped" sh "$TMP/openrc-run" "$TMP/openrc" status
	unchanged "OpenRC: nothing is left"
	has systemd-analyze || return
	sed 's|@LIBEXEC@/lxc-net|'"$net"'|' "$top_srcdir/etc/systemd/lxc-net.service.in" >"$TMP/lxc-net.service"
	is "systemd: the unit" "$(systemd-analyze verify --man=no "$TMP/lxc-net.service" 2>&1 | grep lxc-net)" ""
}

ok "the example of the settings is one" sh -n "$top_srcdir/etc/lxc-net.default.example"
for part in ${LXC_NET_PARTS:-words network ipv6 wrong_settings overlaps others_bridge firewalls \
	without_nftables poor_hosts accidents containers openrc_and_systemd}; do
	$part
done
finish
