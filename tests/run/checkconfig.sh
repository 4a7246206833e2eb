#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-checkconfig: what it proves as root and as a user, and that it leaves nothing behind; in broken
# surroundings the one thing that repairs them. What is broken is broken in mounts of this test.
. "$(dirname "$0")/lib.sh"
need python3
policy= # see private_install
who=

# Root's turn is in a network and in mounts of this test, where the host has an address and a bridge.
make_surroundings()
{
	private_install
	ip link set lo up
	ip link add uplink0 type veth peer name uplink1
	ip link set uplink1 up
	ip link set uplink0 up
	ip addr add 10.77.0.1/24 dev uplink0
	ip route add default via 10.77.0.2
	ip link add lxcbr0 type bridge || skip "this kernel has no bridge"
	ip link set lxcbr0 up
	echo "nameserver 10.77.0.2" >"$TMP/resolv.conf"
	rm -f /etc/resolv.conf
	cp "$TMP/resolv.conf" /etc/resolv.conf
}

if [ "$(id -u)" -eq 0 ]; then
	need ip
	if [ -z "${TEST_INSIDE-}" ]; then
		unshare --mount --net true 2>/dev/null || skip "no namespaces"
		rm -rf "$TMP"
		TEST_INSIDE=1 exec unshare --mount --net -- bash "$0" "$@"
	fi
	make_surroundings
fi

check()
{
	as_caller timeout -k 5 90 "$RLXC" checkconfig "$@" </dev/null
}

# word LABEL: of the output that was kept
word()
{
	sed -n "s/^$1: \([a-z]*\).*/\1/p" "$TMP/out"
}

# All lines below that label, on one
below()
{
	sed -n "/^$1: /,/^[^ ]/p" "$TMP/out" | grep '^  ' | tr '\n' ' '
}

keep()
{
	check "$@" >"$TMP/out" 2>"$TMP/err"
	code=$?
}

# What is worth a look before and after: nothing of it is shared with other tests
surroundings()
{
	cat /proc/self/mountinfo
	[ "$(id -u)" -ne 0 ] || ip -o link | cut -d: -f2
}

# Root's place is everybody's: what another one tries there at the moment goes away again.
no_cgroup_is_left()
{
	base=$(sed -n "s/^Cgroup of one's own: enabled, .*, \(\/.*\)/\1/p" "$TMP/all")
	[ -z "$base" ] || [ -z "$(find "$base" -maxdepth 1 -name 'lxc*checkconfig*')" ]
}

# How many processes outlive the command
left_over()
{
	as_caller timeout -k 5 90 python3 -c '
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
left = 0
while True:
    try:
        pid, _ = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        break
    left += pid == 0
    if pid == 0:
        break
print(left)' "$RLXC" checkconfig
}

works()
{
	surroundings >"$TMP/before"
	keep
	is "$who: all that is needed works" "$code" 0
	is "$who: stderr stays free" "$(cat "$TMP/err")" ""
	is "$who: LXC's first line" "$(head -n 1 "$TMP/out")" "LXC version $("$RLXC" --version)"
	is "$who: sections" "$(grep -- '^---' "$TMP/out" | tr '\n' ' ')" \
		"--- Namespaces --- --- Ids --- --- Control groups --- --- Files --- --- Mounts --- --- Security --- --- Network --- --- Helpers --- --- Budgets --- "
	is "$who: each line has a word of LXC's" \
		"$(sed -e '1d' -e '/^$/d' -e '/^---/d' -e '/^  /d' -e '$d' "$TMP/out" | grep -Evx '[^:]+: (enabled|missing|required)(, .*)?')" ""
	for label in "User namespace" "Utsname namespace" "Ipc namespace" "Pid namespace" "Mount namespace" \
		"Network namespace" "Mounts by descriptor"; do
		is "$who: $label" "$(word "$label")" enabled
	done
	is "$who: what does not work says why" \
		"$(grep -c -e ': missing$' -e ': required$' "$TMP/out")" "$(grep -cE '^  [^f]|^  f[^i]' "$TMP/out")"
	surroundings >"$TMP/after"
	# What an earlier turn has left to the kernel to take away may still have been there.
	is "$who: nothing is left" "$(diff "$TMP/before" "$TMP/after" | grep '^>')" ""
	is "$who: no process either" "$(left_over)" 0
	cp "$TMP/out" "$TMP/all"
	ok "$who: no cgroup" wait_for 10 no_cgroup_is_left

	keep ids mounts
	is "$who: subjects" "$code $(grep -- '^---' "$TMP/out" | tr '\n' ' ')" "0 --- Ids --- --- Mounts --- "
	keep nonsense
	like "$who: one that there is not" "$code $(cat "$TMP/err")" "1 *no subject 'nonsense'*hint: there are: namespaces, *"
	is "$who: JSON" "$(check --format json mounts net | python3 -c '
import json, sys
d = json.load(sys.stdin)
print(d["works"], sorted({c["subject"] for c in d["checks"]}), all(c["status"] == "enabled" or "error" in c for c in d["checks"]))')" \
		"True ['mounts', 'net'] True"
}

# Counted again by other means, as far as there are any.
budgets()
{
	keep budgets
	is "$who: budgets" "$code $(grep -c ': enabled, ' "$TMP/out")" "0 5"
	like "$who: pseudo terminals" "$(grep Pseudo "$TMP/out")" \
		"*of $(($(cat /proc/sys/kernel/pty/max) - $(cat /proc/sys/kernel/pty/reserve))) used, enough for * more containers of 1"
	like "$who: inotify instances" "$(grep Inotify "$TMP/out")" "*of $(cat /proc/sys/fs/inotify/max_user_instances) *"
}

# Each type is what the kernel says it is: by its own tool, in a namespace.
types()
{
	has ip || return 0
	keep net
	for pair in "Bridges:bridge" "Macvlan:macvlan" "Ipvlan:ipvlan" "Vlan:vlan id 5" "Veth pair device:veth"; do
		label=${pair%%:*}
		unshare --net sh -c 'ip link add lower0 type veth 2>/dev/null
			case $0 in
			bridge | veth) ip link add probe0 type $0 ;;
			*) ip link add probe0 link lower0 type $0 ;;
			esac' "${pair#*:}" 2>/dev/null && want=enabled || want=missing
		is "$who: $label, as ip-link has it" "$(word "$label")" $want
		[ $want = enabled ] || like "$who: $label: the module" "$(below "$label")" "*fix: as root: modprobe *"
	done
}

# As a start has it
cgroups()
{
	keep cgroup
	if has_cgroup; then
		is "$who: a cgroup" "$code $(word "Cgroup of one's own")" "0 enabled"
	else
		is "$who: no cgroup" "$code $(word "Cgroup of one's own")" "0 missing"
		like "$who: how to get one" "$(below "Cgroup of one's own")" "*fix: *"
	fi
	[ "$who-$(id -u)" != bare-0 ] || like "$who: names the user" "$(below "Cgroup of one's own")" \
		"*not delegated to user $TEST_USER*fix: *$TEST_USER*"
}

callers()
{
	works
	budgets
	cgroups
	[ "$who" != root ] || types
}

# ---- broken surroundings ---------------------------------------------------------------------------

# fixed_by "what is broken" LABEL WORD PATTERN [SUBJECT...]: the line, with exactly one thing to repair
fixed_by()
{
	local what=$1 label=$2 word=$3 pattern=$4
	shift 4
	keep "$@"
	is "$what: $label" "$(word "$label")" "$word"
	like "$what: what repairs it" "$(below "$label")" "$pattern"
	is "$what: is named once" "$(grep -c '^  fix: ' "$TMP/out")" 1
	is "$what: exit code" "$code" "$([ "$word" = required ] && echo 1 || echo 0)"
}

hide()
{
	mount --bind "$1" "$2"
}

show()
{
	umount "$1"
}

broken_ids()
{
	cp /etc/subuid "$TMP/subuid"
	: >/etc/subuid
	fixed_by "no subordinate ids" "Subordinate ids" required \
		"*no subordinate uids*fix: as root: usermod --add-subuids *-* --add-subgids *-* $TEST_USER *" ids
	like "and maps need them" "$(below 'Id maps')" "*it needs 'Subordinate ids'*"
	echo "$TEST_USER:100000:1000" >/etc/subuid
	fixed_by "few subordinate ids" "Enough for a distribution" missing \
		"*has 1000 of them*need 65536*fix: as root: usermod --add-subuids *" ids
	cat "$TMP/subuid" >/etc/subuid

	cp "$(command -v newuidmap)" "$TMP/newuidmap"
	chmod 755 "$TMP/newuidmap"
	hide "$TMP/newuidmap" /usr/bin/newuidmap
	fixed_by "newuidmap without its bit" "Id maps" required "*newuidmap*fix: as root: *chmod u+s /usr/bin/newuidmap *" ids
	who=root
	fixed_by "newuidmap without its bit, for root" newuidmap missing "*fix: as root: *chmod u+s */newuidmap *" helpers
	who=bare
	show /usr/bin/newuidmap
	ok "as it was: it works" check ids
}

broken_files()
{
	local home label="Directory of containers"
	home=$(getent passwd "$TEST_USER" | cut -d: -f6)
	mount -t tmpfs -o mode=755 tmpfs "$home"
	fixed_by "a home of somebody else" "$label" required \
		"*cannot make a directory in '$home': Permission denied*fix: as root: install -d -o $TEST_USER $home/.local/share/lxc *" files
	sh -c "$(below "$label" | sed 's/.*fix: as root: //')"
	ok "what repairs it does" check files
	is "and nothing is left there" "$(ls -A "$home/.local/share/lxc")" ""
	mount -o remount,noexec "$home"
	fixed_by "a file system without programs" "$label" required "*mounted noexec*fix: *" files
	mount -o remount,ro "$home"
	fixed_by "a file system that is read-only" "$label" required "*Read-only*fix: *" files
	umount "$home"
}

# The limit of a user namespace of this test, where the caller has one id of his own.
broken_limit()
{
	run_limited()
	{
		"$RLXC" usernsexec -m b:0:400000:65536 -- sh -c '
			echo 0 >/proc/sys/user/max_user_namespaces || exit 99
			exec setpriv --reuid 1000 --regid 1000 --clear-groups "$0" checkconfig "$@"' \
			"$RLXC" "$@" </dev/null
	}
	run_limited namespaces net >"$TMP/out" 2>"$TMP/err"
	is "no user namespaces: exit code" $? 1
	is "no user namespaces: the line" "$(word 'User namespace')" required
	like "no user namespaces: what repairs it" "$(below 'User namespace')" \
		"*fix: as root: sysctl -w user.max_user_namespaces=*"
	is "no user namespaces: is named once" "$(grep -c '^  fix: ' "$TMP/out")" 1
	like "no user namespaces: the others" "$(below 'Network namespace')" "*it needs 'User namespace'*"
	run_limited net >"$TMP/out" 2>"$TMP/err"
	is "no user namespaces: is shown with other subjects" "$(word 'User namespace')" required
}

# Nothing is left of what the kernel counts for this user.
broken_budget()
{
	"$RLXC" usernsexec -m b:0:400000:65536 -- sh -c '
		echo 3 >/proc/sys/user/max_inotify_instances || exit 99
		exec setpriv --reuid 1000 --regid 1000 --clear-groups "$0" checkconfig budgets' \
		"$RLXC" >"$TMP/out" 2>"$TMP/err" </dev/null
	is "no inotify instances: exit code" $? 0
	is "no inotify instances: the line" "$(word 'Inotify instances')" missing
	like "no inotify instances: what repairs it" "$(below 'Inotify instances')" \
		"*inotify instances are used, a container takes 4*fix: as root: sysctl -w fs.inotify.max_user_instances=*"
	is "no inotify instances: the others" "$(word Processes)" enabled
}

# Whose programs and ids are the host's
root_of_a_namespace()
{
	# The directory of the host's root is none of his.
	as_user unshare --user --map-root-user "$RLXC" checkconfig namespaces ids cgroup mounts security net helpers \
		>"$TMP/out" 2>&1 </dev/null
	is "root of a user namespace: exit code" $? 0
	is "root of a user namespace: no word on the host's programs" "$(grep -E '^newuidmap|^Id maps|ordinary' "$TMP/out")" ""
}

broken_usernet()
{
	[ -c /dev/net/tun ] || return 0
	mkdir "$TMP/dev"
	mount -t tmpfs -o mode=755 tmpfs "$TMP/dev"
	on_exit 'umount "$TMP/dev" 2>/dev/null'
	mknod -m 666 "$TMP/dev/tun" c 10 200
	python3 -c 'open("'"$TMP"'/dev/tun", "r+b", buffering=0)' 2>/dev/null || return 0
	hide "$TMP/dev/tun" /dev/net/tun
	if has pasta || has slirp4netns; then
		keep net
		is "user-mode network: a packet" "$(word 'User-mode network')" enabled
		like "user-mode network: by whom" "$(grep '^User-mode' "$TMP/out")" "*, by *"
		chmod 600 "$TMP/dev/tun"
		keep net
		like "user-mode network: a closed /dev/net/tun" "$(word 'User-mode network') $(below 'User-mode network')" \
			"missing *tun*fix: as root: modprobe tun; chmod 666 /dev/net/tun *"
		chmod 666 "$TMP/dev/tun"
		unshare --net setpriv --reuid "$TEST_USER" --regid "$(id -g "$TEST_USER")" --init-groups \
			"$RLXC" checkconfig net >"$TMP/out" 2>&1
		like "user-mode network: on a host without one" "$(word 'User-mode network') $(below 'User-mode network')" "missing *fix: *host*"
		for program in pasta slirp4netns; do
			[ ! -e /usr/bin/$program ] || hide /etc/subuid /usr/bin/$program # not executable
		done
	fi
	keep net
	like "user-mode network: no program" "$(word 'User-mode network') $(below 'User-mode network')" \
		"missing *needs the program pasta*fix: *apt-get install passt *"
	for program in pasta slirp4netns; do
		umount /usr/bin/$program 2>/dev/null
	done
	show /dev/net/tun
}

grants()
{
	echo "$1" >"$policy"
	chmod 644 "$policy"
	keep helpers
}

# All of the quota is in use, by a namespace that lives as long as this function.
used_up()
{
	local pid
	as_user unshare --user --map-root-user --net sleep 100 &
	disown
	wait_for 5 pgrep -P $! -x sleep
	pid=$(pgrep -P $! -x sleep)
	wait_for 5 as_user "${RLXC%/*}/lxc-user-nic" create - test "$pid" veth lxcbr0 eth0
	keep helpers
	kill -PIPE "$pid" # the shell says nothing of that one
}

broken_user_nic()
{
	local program=${RLXC%/*}/lxc-user-nic label="Interfaces by lxc-user-nic"
	chmod 755 "$program"
	fixed_by "lxc-user-nic without its bit" lxc-user-nic missing "*fix: as root: chown root:root $program && chmod 4755 $program *" helpers
	like "and interfaces need it" "$(below "$label")" "*it needs 'lxc-user-nic'*"
	chmod 4755 "$program"
	grants "# nobody"
	is "lxc-user-nic with its bit" "$(word lxc-user-nic)" enabled
	fixed_by "no grant" "$label" missing "*fix: as root,*echo '$TEST_USER veth lxcbr0 10' >> $policy *" helpers
	grants "somebody-else veth lxcbr0 10"
	fixed_by "a grant of somebody else" "$label" missing "*not permitted*fix: as root*echo '$TEST_USER veth lxcbr0 10' >> $policy *" helpers
	grants "$TEST_USER veth lxcbr0 1"
	is "a grant" "$(grep "^$label" "$TMP/out")" "$label: enabled, one more is free on lxcbr0"
	is "a grant: nothing is left on the bridge" "$(ip -o link show master lxcbr0)" ""
	used_up
	like "a quota that is used up" "$(word "$label") $(below "$label")" "missing *quota*fix: as root*'$TEST_USER veth lxcbr0 *"
	rm "$policy"
}

if [ "$(id -u)" -eq 0 ] && getent passwd "${TEST_USER:-}" >/dev/null && has newuidmap; then
	need_user
	who=bare
	broken_ids
	broken_files
	broken_limit
	broken_budget
	root_of_a_namespace
	broken_usernet
	broken_user_nic
fi
each_caller callers
finish
