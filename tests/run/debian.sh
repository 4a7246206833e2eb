#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real distribution, Debian 12 with systemd and with sysvinit, from its archive to its removal.
#
# The archives come from debian-archive, which needs a mirror and a minute or two the first time.
. "$(dirname "$0")/lib.sh"
need python3

name=deb$$ # another run of this test may be going on

for kind in systemd sysvinit; do
	archive=$("$(dirname "$0")/debian-archive" debian12-$kind 2>"$TMP/archive.log") || {
		sed 's/^/# /' "$TMP/archive.log"
		skip "mmdebstrap cannot make Debian (is it installed, and a mirror in reach?)"
	}
	printf -v $kind %s "$archive"
done

printf 'lxc.net.0.type = empty\n' >"$TMP/default.conf"
chmod 644 "$TMP/default.conf"

now()
{
	date +%s%N
}

# took SINCE "what"
took()
{
	# shellcheck disable=SC2154 # who: set by each_caller
	echo "# $who: $2 took $((($(now) - $1) / 1000000)) ms"
}

answers()
{
	case $(lxc attach -n "$name" -- systemctl is-system-running --wait 2>/dev/null) in
	running | degraded) ;;
	*) return 1 ;;
	esac
}

inside()
{
	lxc attach -n "$name" -- "$@" 2>&1
}

init_pid()
{
	lxc info -n "$name" -pH 2>/dev/null
}

# Another init than $old runs, and the command succeeds there
runs_again()
{
	new=$(init_pid)
	[ "${new:-$old}" != "$old" ] && "$@"
}

# at_console TTY: logs in there, leaves the shell, is offered to log in again
at_console()
{
	on_terminal expect='Connected to tty' send='\r' expect="$name login: " send='root\r' \
		expect='Password: ' send='secret\r' expect="root@$name:~# " \
		send='echo it-is-$((6*7)); hostname\r' expect="it-is-42\r\n$name\r\n" expect='# ' \
		send='exit\r' expect="$name login: " send='\x01q' \
		-- "$RLXC" console -P "$LXCPATH" -t "$1" "$name"
}

left_over()
{
	find "$LXCPATH" -mindepth 1 -maxdepth 1 ! -name .run
	find /sys/fs/cgroup -name "lxc.payload.$name" 2>/dev/null
	grep -F "$LXCPATH/" /proc/self/mounts
}

make_one()
{
	since=$(now)
	ok "$who: $1: it is made" lxc create -f "$TMP/default.conf" -t local "$name" -- --fstree "$2" || return 1
	took "$since" "create"
	is "$who: $1: the tree has its name" "$(cat "$LXCPATH/$name/rootfs/etc/hostname")" "$name"
}

end_one()
{
	since=$(now)
	ok "$who: $1: it shuts down when asked" lxc stop --nokill -t 30 "$name"
	took "$since" "stop"
	is "$who: $1: it has ended" "$(state "$name")" STOPPED
	ok "$who: $1: it is removed" lxc destroy "$name"
	is "$who: $1: nothing is left" "$(left_over)" ""
}

# An init that hands controllers on to its services leaves no room for others beside them.
check_controllers()
{
	inside test -e /sys/fs/cgroup/cgroup.controllers >/dev/null || return 0 # the older hierarchies
	controller=$(inside cut -d' ' -f1 /sys/fs/cgroup/cgroup.controllers)
	[ -n "$controller" ] || return 0
	inside sh -c 'mkdir /sys/fs/cgroup/me && echo $$ >/sys/fs/cgroup/me/cgroup.procs &&
		echo "+$0" >/sys/fs/cgroup/cgroup.subtree_control' "$controller"
	is "$who: a controller is handed on" "$(inside cat /sys/fs/cgroup/cgroup.subtree_control)" "$controller"
	like "$who: attached processes stay in the container" "$(inside grep ^0:: /proc/self/cgroup)" "0::/*"
	is "$who: and not outside of it" "$(inside grep -c '\.\.' /proc/self/cgroup)" 0
}

with_systemd()
{
	if ! has_cgroup; then
		like "$who: systemd without a cgroup is warned of" \
			"$(no_cgroup_message)" "*: warning: *systemd as init ends at once*"
		return
	fi
	make_one systemd "$1" || return
	since=$(now)
	ok "$who: systemd: it starts" lxc start -L "$LXCPATH/console" "$name"
	ok "$who: it answers" wait_for 30 answers
	took "$since" "boot"
	is "$who: it is running" "$(inside systemctl is-system-running)" running || {
		inside systemctl --failed --no-pager | sed 's/^/# /'
		inside journalctl -b -p warning --no-pager | sed 's/^/# /'
	}
	is "$who: no unit has failed" "$(inside systemctl --failed --plain --no-legend)" ""
	if inside test -e /sys/fs/cgroup/cgroup.controllers >/dev/null; then
		is "$who: one cgroup tree" "$(inside grep -c cgroup /proc/mounts)" 1
	fi
	is "$who: its cgroups begin with its own" "$(inside grep -c ':/\.\.' /proc/1/cgroup)" 0
	is "$who: its name" "$(inside hostname)" "$name"
	like "$who: apt-get" "$(inside apt-get --version)" "apt *"
	ok "$who: a password" lxc attach -n "$name" -- sh -c 'echo root:secret | chpasswd'
	ok "$who: a login on tty1" at_console 1
	ok "$who: a login on the console" at_console 0
	like "$who: the console's log" "$(tr -d '\r' <"$LXCPATH/console")" "*Welcome to *Login Prompts*$name login: *"
	rm -f "$LXCPATH/console"
	check_controllers
	old=$(init_pid)
	ok "$who: systemd: a reboot from inside" lxc attach -n "$name" -- systemctl reboot
	ok "$who: and it is up again" wait_for 30 runs_again answers
	end_one systemd
}

no_cgroup_message()
{
	mkdir -p "$LXCPATH/fake/rootfs/sbin"
	ln -s ../lib/systemd/systemd "$LXCPATH/fake/rootfs/sbin/init"
	printf 'lxc.rootfs.path = %s\n' "$LXCPATH/fake/rootfs" >"$LXCPATH/fake/config"
	chmod -R a+rX "$LXCPATH/fake"
	{ lxc start --dry-run fake >/dev/null; } 2>&1
	rm -r "$LXCPATH/fake"
}

in_runlevel_2()
{
	inside runlevel | grep -q ' 2$'
}

with_sysvinit()
{
	make_one sysvinit "$1" || return
	ok "$who: sysvinit: it starts" lxc start "$name"
	ok "$who: sysvinit: it is up" wait_for 30 in_runlevel_2
	like "$who: sysvinit: apt-get" "$(inside apt-get --version)" "apt *"
	ok "$who: sysvinit: a password" lxc attach -n "$name" -- sh -c 'echo root:secret | chpasswd'
	ok "$who: sysvinit: a login on tty1" at_console 1
	ok "$who: sysvinit: a login on the console" at_console 0
	old=$(init_pid)
	ok "$who: sysvinit: a reboot from inside" lxc attach -n "$name" -- init 6
	ok "$who: sysvinit: and it is up again" wait_for 30 runs_again in_runlevel_2
	if [ "$who" = root ]; then
		ok "$who: it is remounted read-only from inside, or not" \
			lxc attach -n "$name" -- sh -c '! mount -o remount,ro /'
	fi
	end_one sysvinit
}

# The container of root may do anything to the file system it is on: that is to be none of ours.
on_own_tmpfs()
{
	mount -t tmpfs -o size=2g none "$LXCPATH" || return
	"$@"
	end_containers
	ok "$who: its file system is still writable" touch "$LXCPATH/x"
	umount "$LXCPATH"
}

# Where root's containers are when nobody says otherwise
in_default_path()
{
	path=$("$RLXC" config lxc.lxcpath)
	[ -d "$path" ] || {
		mkdir -p "$path" || return
		on_exit 'rmdir "$path" 2>/dev/null'
	}
	# shellcheck disable=SC2016
	ok "root: a whole life in the default path" timeout 100 unshare -m bash -ec '
		mount --make-rprivate / && mount -t tmpfs -o size=1g none "$2"
		trap "\"\$1\" stop -k \"\$5\" 2>/dev/null || :" EXIT
		"$1" create -f "$4" -t local "$5" -- --fstree "$3"
		test -d "$2/$5/rootfs/etc"
		"$1" start "$5"
		for i in {1..100}; do
			! "$1" attach "$5" -- runlevel | grep " 2\$" || break
			sleep 0.1
		done
		"$1" stop --nokill -t 30 "$5"
		"$1" destroy "$5"
		test -z "$(find "$2" -mindepth 1 -maxdepth 1 ! -name .run)"
		trap - EXIT' \
		sh "$RLXC" "$path" "$sysvinit" "$TMP/default.conf" "$name"
}

all()
{
	local systemd=$systemd sysvinit=$sysvinit # compressed for one caller
	case $who in
	root)
		on_own_tmpfs with_systemd "$systemd"
		on_own_tmpfs with_sysvinit "$sysvinit"
		in_default_path
		;;
	user)
		has zstd && zstd -q -1 "$systemd" -o "$TMP/systemd.tar.zst" && systemd=$TMP/systemd.tar.zst
		with_systemd "$systemd"
		[ "$(id -u)" -eq 0 ] || with_sysvinit "$sysvinit"
		;;
	bare)
		has xz && xz -0 -T0 -c "$sysvinit" >"$TMP/sysvinit.tar.xz" && sysvinit=$TMP/sysvinit.tar.xz
		with_systemd "$systemd"
		with_sysvinit "$sysvinit"
		;;
	esac
	rm -f "$TMP"/*.tar.*
}

each_caller all
finish
