#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Configurations and command lines as people have published them, for LXC from 2009 to 2024, on Arch, Debian,
# Gentoo and Ubuntu: they act, or are refused with a reason. Root's part is in a network of its own.
. "$(dirname "$0")/lib.sh"
for program in ip busybox python3; do
	need $program
done
who= # see each_caller
own_network "$@"
: "${top_srcdir:=}" # from lib.sh

# LXC's shared files, by a path as LXC's; those of distributions are not there.
share=$TMP/share/lxc/config
mkdir -p "$share"
chmod -R a+rX "$TMP/share"
for file in common userns; do
	sed "s|@LXCDATADIR@|$TMP/share/lxc|" "$top_srcdir/etc/$file.conf.in" >"$share/$file.conf"
done

# document NAME: its configuration is stdin, ROOTFS in it stands for the container's tree
document()
{
	mkdir -p "$LXCPATH/$1"
	sed "s|ROOTFS|$rootfs|g; s|SHARE|$share|g; s|LXCPATH|$LXCPATH|g" >"$LXCPATH/$1/config"
	[ "$who" = root ] || chown -R "$TEST_USER" "$LXCPATH/$1"
}

# inside NAME COMMAND: that shell command as init of it
inside()
{
	lxc start -n "$1" -F -- /bin/sh -c "$2" </dev/null
}

# refused NAME: what a start says
refused()
{
	if inside "$1" true 2>&1; then echo "NOT REFUSED"; fi
}

new_rootfs()
{
	: >"$TMP/empty"
	chmod 644 "$TMP/empty"
	lxc create -n tree -t busybox -f "$TMP/empty" >/dev/null 2>&1
	rootfs=$LXCPATH/tree/rootfs
	idmap=$(grep '^lxc.idmap' "$LXCPATH/tree/config")
}

# ---- a DHCP client and a host name script that write to /proc, on Arch ----

dhcp_client()
{
	document dhcp <<-EOT
		lxc.rootfs.path = ROOTFS
		$idmap
		lxc.net.0.type = empty
		lxc.net.0.flags = up
		lxc.mount.auto = proc:mixed sys:mixed
		lxc.uts.name = old
	EOT
	key=/proc/sys/net/ipv4/conf/lo/promote_secondaries
	is "$who: settings of the network may be written" "$(inside dhcp "echo 1 >$key && cat $key")" 1
	like "$who: others may not" "$(inside dhcp 'echo new 2>&1 >/proc/sys/kernel/hostname' 2>&1)" "*Read-only file system*"
	is "$who: and can be covered" "$(inside dhcp "mkdir -p /var/tmp; echo 0 >/var/tmp/mask
		mount -o bind /var/tmp/mask /proc/sys/kernel/hostname
		echo new >/proc/sys/kernel/hostname && cat /var/tmp/mask && hostname" | tr '\n' ' ')" "new old "
}

# ---- a container of Debian 8 ----

debian()
{
	: >"$LXCPATH/fstab"
	[ "$who" = root ] || chown "$TEST_USER" "$LXCPATH/fstab"
	document DebianTestContainer <<-EOT
		# Template used to create this container: /usr/share/lxc/templates/lxc-debian
		# Parameters passed to the template:
		# For additional config options, please look at lxc.container.conf(5)
		lxc.network.type = empty
		lxc.rootfs = ROOTFS
		$idmap

		# Common configuration
		lxc.include = SHARE/debian.common.conf
		$([ "$who" = root ] || echo "lxc.include = SHARE/debian.userns.conf")

		# Container specific configuration
		lxc.mount = LXCPATH/fstab
		lxc.utsname = DebianTestContainer
		lxc.arch = $(uname -m)
		lxc.autodev = 1
		lxc.kmsg = 0
	EOT
	ok "$who: Debian's starts" lxc start -d -n DebianTestContainer
	like "$who: a getty on its terminal" \
		"$(on_terminal 'expect=Connected to tty 1' 'send=\r' 'expect=login: ' 'send=\x01q' \
			-- "$RLXC" console -P "$LXCPATH" -n DebianTestContainer -t 1)" "*DebianTestContainer login: *"
	is "$who: four of them" "$(lxc attach -n DebianTestContainer -- /bin/sh -c 'ls /dev/tty[0-9]*' | tr '\n' ' ')" "/dev/tty1 /dev/tty2 /dev/tty3 /dev/tty4 "
	is "$who: with loopback alone" "$(lxc attach -n DebianTestContainer -- ls /sys/class/net)" lo
	ok "$who: it stops" lxc stop -n DebianTestContainer
	for name in alpine archlinux centos debian fedora gentoo kali opensuse oracle plamo slackware sparclinux ubuntu ubuntu-cloud voidlinux; do
		echo "lxc.include = $share/$name.common.conf"
		echo "lxc.include = $share/$name.userns.conf"
	done >"$TMP/all"
	is "$who: the files of all distributions are found" "$(as_caller "$RLXC" config check "$TMP/all" | grep -c "/$name.common.conf\|error")" 1
}

# ---- Arch's wiki ----

arch()
{
	cat >"$LXCPATH/fstab" <<-EOT
		none $rootfs/dev/pts devpts defaults 0 0
		none $rootfs/proc    proc   defaults 0 0
		none $rootfs/sys     sysfs  defaults 0 0
		none $rootfs/dev/shm tmpfs  defaults 0 0
	EOT
	document arch <<-EOT
		lxc.utsname = arch
		lxc.mount = LXCPATH/fstab
		lxc.rootfs = ROOTFS
		lxc.network.type = veth
		lxc.network.flags = up
		lxc.network.link = br0
		lxc.network.hwaddr = 4a:49:43:49:79:bf
		lxc.network.ipv4 = 192.168.100.2/24
		lxc.network.name = eth0
		lxc.tty = 2
		lxc.pseudo = 1024
		lxc.cgroup.devices.deny = a # Deny all access to devices
		lxc.cgroup.devices.allow = c 1:3 rwm # dev/null
		lxc.cgroup.devices.allow = c 1:5 rwm # dev/zero
		lxc.cgroup.devices.allow = c 5:1 rwm # dev/console
		lxc.cgroup.devices.allow = c 5:0 rwm # dev/tty
		lxc.cgroup.devices.allow = c 4:0 rwm # dev/tty0
		lxc.cgroup.devices.allow = c 1:9 rwm # dev/urandom
		lxc.cgroup.devices.allow = c 1:8 rwm # dev/random
		lxc.cgroup.devices.allow = c 136:* rwm # dev/pts/*
		lxc.cgroup.devices.allow = c 5:2 rwm # dev/pts/ptmx
		# No idea what this is .. dev/bsg/0:0:0:0 ???
		lxc.cgroup.devices.allow = c 254:0 rwm
	EOT
	is "Arch: name, address, way out" "$(inside arch 'hostname; cat /sys/class/net/eth0/address
		ip -4 -o addr show dev eth0 | tr -s " " | cut -d" " -f4; ip route add default via 192.168.100.1
		ping -c 1 -w 5 192.168.100.1 >/dev/null && echo answers' | tr '\n' ' ')" "arch 4a:49:43:49:79:bf 192.168.100.2/24 answers "
	is "Arch: the mounts of its fstab" "$(inside arch 'for f in proc sys dev/pts dev/shm; do grep " /$f " /proc/self/mountinfo | tail -n 1 | sed "s/.* - //; s/ .*//"; done' | tr '\n' ' ')" "proc sysfs devpts tmpfs "
	is "Arch: terminals of its own" "$(inside arch 'stat -c "%t %n" /dev/tty1 /dev/tty2' | tr '\n' ' ')" "88 /dev/tty1 88 /dev/tty2 "
	if has_cgroup; then
		is "Arch: devices that are allowed" "$(inside arch 'echo x >/dev/null && head -c 1 /dev/urandom | wc -c')" 1
		is "Arch: and that are not" "$(inside arch 'mknod /tmp/kmsg c 1 11 2>/dev/null || echo refused')" refused
	fi
	mv "$LXCPATH/arch/config" "$TMP/arch.conf"
	rmdir "$LXCPATH/arch"
	like "Arch: lxc-create without a template" "$(lxc create -f "$TMP/arch.conf" -n arch 2>&1)" "*no template*hint: '-t none'*"
	ok "Arch: as it says" lxc create -f "$TMP/arch.conf" -n arch -t none
	is "Arch: makes a container of the configuration" "$(inside arch 'hostname')" arch
	ok "Arch: lxc-destroy takes that alone" lxc destroy -n arch
	ok "Arch: the tree stays" test -x "$rootfs/bin/busybox"
	document no-tty <<-EOT
		lxc.rootfs = ROOTFS
		lxc.tty = 0
	EOT
	ok "Arch: no terminals" lxc start -n no-tty
	like "Arch: lxc-console says so" "$(lxc console -n no-tty -t 1 2>&1)" "*lxc.tty.max*"
	lxc stop -k -n no-tty
}

# ---- Gentoo's wiki ----

# The kernel takes the last container's interface away in its own time, and until then may refuse another.
has_links()
{
	[ "$(inside net "$links" 2>/dev/null)" = "$1" ]
}

networks()
{
	document net <<-EOT
		lxc.rootfs.path = ROOTFS
		lxc.mount.auto = proc:mixed # Mount /proc as rw but /proc/sys and /proc/sysrq-trigger as ro
		lxc.mount.auto = sys:ro # mount /sys read only
		lxc.mount.auto = cgroup:ro # Mount /sys/fs/cgroups read only
		lxc.include = LXCPATH/net.conf
	EOT
	links='ls /sys/class/net | tr "\n" " "'
	printf '%s\n' 'lxc.net.0.type = phys' 'lxc.net.0.flags = up' 'lxc.net.0.link = eth0' >"$LXCPATH/net.conf"
	is "Gentoo: phys" "$(inside net "$links")" "eth0 lo "
	printf '%s\n' 'lxc.net.0.type = veth' 'lxc.net.0.flags = up' 'lxc.net.0.link = br0' 'lxc.net.0.ipv4.address = 192.168.123.1 192.168.123.32' >"$LXCPATH/net.conf"
	is "Gentoo: an address with its broadcast" "$(inside net 'ip -4 -o addr show dev eth0' | grep -o 'inet.*brd [^ ]*')" "inet 192.168.123.1/24 brd 192.168.123.32"
	printf '%s\n' 'lxc.net.0.type = veth' 'lxc.net.0.flags = up' 'lxc.net.0.veth.mode = router' 'lxc.net.0.link = eth0' >"$LXCPATH/net.conf"
	is "Gentoo: router" "$(inside net "$links")" "eth0 lo "
	printf '%s\n' 'lxc.net.0.type = vlan' 'lxc.net.0.flags = up' 'lxc.net.0.link = eth0' 'lxc.net.0.vlan.id = 100' >"$LXCPATH/net.conf"
	if ip link add link eth0 name probe type vlan id 7 2>/dev/null; then
		ip link del probe
		is "Gentoo: vlan" "$(inside net "$links")" "eth0 lo "
	else
		like "Gentoo: vlan, which this kernel has not" "$(refused net)" "*vlan*"
	fi
	for mode in private vepa bridge passthru; do
		printf '%s\n' 'lxc.net.0.type = macvlan' 'lxc.net.0.flags = up' "lxc.net.0.macvlan.mode = $mode" 'lxc.net.0.link = eth0' >"$LXCPATH/net.conf"
		ok "Gentoo: macvlan $mode" wait_for 10 has_links "eth0 lo "
	done
	echo 'lxc.net.0.macvlan.vlan = 100' >>"$LXCPATH/net.conf"
	like "Gentoo: a key that never was" "$(refused net)" "*net.conf:5:*'lxc.net.0.macvlan.vlan'*hint: *"
	printf '%s\n' 'lxc.net.0.type = macvlan' 'lxc.net.0.flags = up' 'lxc.net.0.macvlan.mode = bridge' 'lxc.net.0.link = eth0' 'lxc.net.0.name = macvlan_bridge0' \
		'lxc.net.1.type = macvlan' 'lxc.net.1.flags = up' 'lxc.net.1.macvlan.mode = bridge' 'lxc.net.1.link = eth0' 'lxc.net.1.name = macvlan_bridge1' >"$LXCPATH/net.conf"
	ok "Gentoo: two of them" wait_for 10 has_links "lo macvlan_bridge0 macvlan_bridge1 "
	echo 'lxc.net.0.type = none' >"$LXCPATH/net.conf"
	is "Gentoo: none" "$(inside net 'readlink /proc/self/ns/net')" "$(readlink /proc/self/ns/net)"
	is "Gentoo: comments behind words" "$(inside net 'for f in /proc/sys /sys; do grep " $f " /proc/self/mountinfo | tail -n 1 | cut -d" " -f6 | cut -d, -f1; done' | tr '\n' ' ')" "ro ro "
}

terminals_and_logs()
{
	document log <<-EOT
		lxc.rootfs.path = ROOTFS
		$idmap
		lxc.net.0.type = empty
		# Setup the LXC devices in /dev/lxc/
		lxc.tty.dir = lxc
		# Allow for 1024 pseudo terminals
		lxc.pty.max = 1024
		# Setup 4 tty devices
		lxc.tty.max = 4
		lxc.log.level = 0
		lxc.log.file = LXCPATH/messages
		lxc.log.syslog = daemon
		lxc.console.logfile = LXCPATH/console.log
		lxc.init.uid = 169 # Set the UID of the init process
		lxc.init.gid = 169 # Set the GID of the init process
	EOT
	is "$who: Gentoo: ids of init, terminals below lxc" "$(inside log 'id -u; id -g; readlink /dev/tty4' | tr '\n' ' ')" "169 169 lxc/tty4 "
	ok "$who: Gentoo: a log" grep -q RUNNING "$LXCPATH/messages"
	document command <<-EOT
		lxc.include = LXCPATH/log/config
		lxc.init.cmd = /bin/echo -- -f # Tell lxc to use this
	EOT
	like "$who: Gentoo: what is no comment" "$(as_caller "$RLXC" config check "$LXCPATH/command/config")" "*command/config:2:1: warning: '# Tell lxc to use this' is part of the value*"
	lxc start -n log -- /bin/sh -c 'echo on the console; sleep 0' </dev/null
	lxc wait -n log -s STOPPED -t 10
	is "$who: Gentoo: a log of the console" "$(tr -d '\r' <"$LXCPATH/console.log")" "on the console"
}

# ---- a course on Ubuntu ----

links()
{
	document net <<-EOT
		lxc.rootfs = ROOTFS
		lxc.aa_profile = unconfined
		lxc.utsname = mycontainer
		lxc.network.type = veth
		lxc.network.flags = up
		lxc.network.link = br0
		lxc.network.hwaddr = 4a:49:43:49:79:bf
		lxc.network.name = lxcnet0
		lxc.network.veth.pair = vethmycontainer
		# Second Interface
		lxc.network.type = veth
		lxc.network.flags = up
		# lxc.network.link = br1 # Has to be disabled
		lxc.network.script.up = LXCPATH/up.sh
		lxc.network.name = eth1
		# The ip may be set to 0.0.0.0/24 (not assigned)
		lxc.network.ipv4 = 1.2.3.5/24
		lxc.network.ipv6 = 2001:db8:fab::1
		lxc.group = group1 , group2 , group3
		lxc.start.auto = 1
		lxc.start.delay = 5
	EOT
	printf '#!/bin/sh\necho "$1 $2 $3 $4" >%s/up\nip link show "$5" >/dev/null && echo there >>%s/up\n' "$LXCPATH" "$LXCPATH" >"$LXCPATH/up.sh"
	chmod 755 "$LXCPATH/up.sh"
	ok "Ubuntu: two interfaces" lxc start -n net -d
	ok "Ubuntu: running" lxc wait -n net -s RUNNING -t 10
	is "Ubuntu: their names inside" "$(lxc attach -n net -- ip -o link | grep -o '^[^@]*' | cut -d' ' -f2 | sort | tr '\n' ' ')" "eth1 lo: lxcnet0 "
	is "Ubuntu: a name on the host, on the bridge" "$(ip -o link show dev vethmycontainer | grep -o 'master br0')" "master br0"
	is "Ubuntu: the script for a switch" "$(tr '\n' ' ' <"$LXCPATH/up")" "net net up veth there "
	is "Ubuntu: addresses" "$(lxc attach -n net -- ip -o addr show dev eth1 | grep -v fe80 | sed 's/.*\(inet6* [^ ]*\).*/\1/' | tr '\n' ' ')" "inet 1.2.3.5/24 inet6 2001:db8:fab::1/64 "
	is "Ubuntu: only its network" "$(lxc attach -n net -e -s NETWORK -- ip -o link show dev lxcnet0 | grep -o 4a:49:43:49:79:bf)" 4a:49:43:49:79:bf
	ok "Ubuntu: an interface of the host" lxc device -n net add eth0 eth3
	ok "Ubuntu: inside as eth3" lxc attach -n net -- ip link show dev eth3
	is "Ubuntu: groups" "$(lxc autostart -L -s -g group2 2>/dev/null)" net
	ok "Ubuntu: a group is shut down" lxc autostart -s -t 5 -g group3
	is "Ubuntu: it is" "$(state net)" STOPPED
	ok "Ubuntu: the interface is back" ip link set eth0 up
}

commands()
{
	if [ "$who" = root ]; then # the user's has the same files
		XZ_OPT=-0 tar -C "$rootfs" -cJf "$TMP/stage3.tar.xz" .
	fi
	ok "$who: Gentoo: from an archive" lxc create -t local -n guest -f "$TMP/empty" -- --fstree "$TMP/stage3.tar.xz" --no-dev
	is "$who: Gentoo: which starts" "$(inside guest 'hostname')" guest
	like "$who: Gentoo: on a btrfs that is not there" "$(lxc create -t local -n more -B btrfs -- --fstree "$TMP/stage3.tar.xz" --no-dev 2>&1)" "*btrfs*hint: *"
	like "$who: Ubuntu: lxc-start-ephemeral" "$(as_caller "$RLXC" start-ephemeral -P "$LXCPATH" -o guest -- /bin/hostname </dev/null 2>&1)" "*guest_*"
	like "$who: Ubuntu: a template that is not here" "$(lxc create -n u -t ubuntu -- --release utopic 2>&1)" "*'ubuntu'*hint: *"
	sed -i "s|^lxc.net.*||" "$LXCPATH/tree/config"
	[ "$who" != root ] || echo "lxc.include = $share/ubuntu.common.conf" >>"$LXCPATH/tree/config"
	ok "$who: Ubuntu: lxc-copy" lxc copy -n tree -N C1
	ok "$who: Ubuntu: lxc-copy -s" lxc copy -s -n C1 -N C2
	ok "$who: Ubuntu: lxc-start" lxc start -n C2 -d
	is "$who: Ubuntu: lxc-ls --fancy" "$(lxc ls --fancy | awk '$1 == "C2" { print $2 }')" RUNNING
	like "$who: Ubuntu: lxc-info" "$(lxc info -n C2)" "Name:*State:*RUNNING*PID:*"
	lxc attach -n C2 -- /bin/sh -c 'echo change >/etc/changed' </dev/null
	if [ "$who" = root ] && has_cgroup; then
		ok "Ubuntu: lxc-freeze" lxc freeze -n C2
		is "Ubuntu: frozen" "$(state C2)" FROZEN
		ok "Ubuntu: lxc-unfreeze" lxc unfreeze -n C2
		ok "Ubuntu: a limit of memory" lxc cgroup -n C2 memory.limit_in_bytes 300000000
		like "Ubuntu: is there" "$(lxc cgroup -n C2 memory.limit_in_bytes)" "29999*"
	fi
	like "$who: Ubuntu: a disk that is not there" "$(lxc device -n C2 add /dev/sdb17 2>&1)" "*cannot find '/dev/sdb17'*"
	ok "$who: Gentoo: the console" on_terminal 'expect=Connected to tty 0' 'send=\x01q' -- "$RLXC" console -P "$LXCPATH" -n C2 -t 0
	ok "$who: Ubuntu: lxc-stop" lxc stop -n C2
	ok "$who: Ubuntu: it does not run" is_state C2 STOPPED
	ok "$who: Ubuntu: lxc-snapshot" lxc snapshot -n C2
	like "$who: Ubuntu: lxc-snapshot -L" "$(lxc snapshot -L -n C2)" "snap0 (*"
	lxc start -n C2 -F -- /bin/rm /etc/changed </dev/null
	ok "$who: Ubuntu: lxc-snapshot -r" lxc snapshot -r snap0 -n C2
	is "$who: Ubuntu: goes back" "$(inside C2 'cat /etc/changed')" change
	ok "$who: Ubuntu: lxc-clone" as_caller "$RLXC" clone -p "$LXCPATH" -s -o C1 -n C3
	is "$who: Ubuntu: does not see it" "$(inside C3 'ls /etc/changed 2>/dev/null; hostname')" C3
	ok "$who: Ubuntu: lxc-destroy" lxc destroy -n C3
	if [ "$who" = root ]; then
		tar -C "$LXCPATH" --numeric-owner -czf "$TMP/C1.tgz" C1
		mkdir "$TMP/other"
		tar -C "$TMP/other" --numeric-owner -xzf "$TMP/C1.tgz"
		like "Ubuntu: a container that was moved says what is missing, or starts" \
			"$(mv "$LXCPATH/C1" "$TMP/C1"; timeout 20 "$RLXC" start -P "$TMP/other" -n C1 -F -- /bin/true 2>&1 </dev/null; mv "$TMP/C1" "$LXCPATH/C1")" "*$LXCPATH/C1/rootfs*"
	else
		document foreign <<-EOT
			lxc.rootfs.path = ROOTFS
			lxc.net.0.type = empty
			lxc.idmap = u 0 165536 65536
			lxc.idmap = g 0 165536 65536
		EOT
		like "$who: Gentoo: ids of somebody else" "$(refused foreign)" "*165536*/etc/subuid*hint: *"
	fi
}

checks()
{
	new_rootfs
	dhcp_client
	debian
	terminals_and_logs
	if [ "$who" = root ]; then
		arch
		networks
		links
	fi
	commands
}

ip link add br0 type bridge || skip "this kernel has no bridge"
ip link set br0 up
ip addr add 192.168.100.1/24 dev br0
ip link add eth0 type veth peer name wire0
ip link set wire0 up; ip link set eth0 up
each_caller checks root bare
finish
