#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers of one user with one id map: newuidmap runs once for them (container/holder.h). What the
# namespaces are, what is seen of it, what nobody gains by it.
. "$(dirname "$0")/lib.sh"
who=

need_root
need python3
need nsenter
need prlimit
if [ -z "${TEST_INSIDE-}" ]; then
	unshare -m true 2>/dev/null || skip "namespaces cannot be made"
	rm -rf "$TMP"
	TEST_INSIDE=1 exec unshare -m --propagation private -- bash "$0" "$@"
fi
need_user
python=$(PATH=/usr/bin:/bin command -v python3) || skip "no python3 that $TEST_USER could run"
# The grants are our own: they are taken away here.
for file in subuid subgid; do
	cp "/etc/$file" "$TMP/$file"
	mount --bind "$TMP/$file" "/etc/$file"
	on_exit "umount -l /etc/$file"
done

first=$(sed -n "s/^$TEST_USER:\([0-9]*\):.*/\1/p" /etc/subuid | head -n 1)
first_gid=$(sed -n "s/^$TEST_USER:\([0-9]*\):.*/\1/p" /etc/subgid | head -n 1)

# NAME NUMBER OWNER NUMBER OWNER: the user namespaces of processes NAME=PID, and those they were made in
cat >"$TMP/levels.py" <<'END'
import fcntl, os, sys
for name, pid in (word.split("=") for word in sys.argv[1:]):
    fd = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    line = [name]
    for namespace in fd, fcntl.ioctl(fd, 0xb702):  # NS_GET_PARENT
        owner = bytearray(4)
        fcntl.ioctl(namespace, 0xb704, owner)  # NS_GET_OWNER_UID
        line += [os.fstat(namespace).st_ino, int.from_bytes(owner, sys.byteorder)]
    print(*line)
END

init()
{
	lxc info -n "$1" -pH
}

# look NAME...: at these containers, for what follows
look()
{
	local name words=
	for name; do
		words="$words $name=$(init "$name")"
	done
	# shellcheck disable=SC2086
	python3 "$TMP/levels.py" $words >"$TMP/levels"
}

owner()
{
	sed -n "s/^$1 [0-9]* \([0-9]*\) .*/\1/p" "$TMP/levels"
}

parent()
{
	sed -n "s/^$1 [0-9]* [0-9]* //p" "$TMP/levels"
}

# config NAME COUNT: a container with that many ids
config()
{
	mkdir -p "$LXCPATH/$1"
	printf '%s\n' "lxc.rootfs.path = dir:$LXCPATH/rootfs" 'lxc.net.0.type = empty' 'lxc.mount.auto = proc' \
		"lxc.uts.name = $1" "lxc.idmap = u 0 $first $2" "lxc.idmap = g 0 $first_gid $2" >"$LXCPATH/$1/config"
	chown -R "$TEST_USER:" "$LXCPATH/$1"
}

# The payload of all: listens for the signal to reboot, and says so
start()
{
	# shellcheck disable=SC2016
	lxc start -n "$1" -- /bin/sh -c 'trap "busybox reboot -f" INT; : >"/tmp/$1"
		while :; do sleep 1000 & wait; done' sh "$1"
}

listens()
{
	wait_for 20 test -e "$LXCPATH/rootfs/tmp/$1" && rm "$LXCPATH/rootfs/tmp/$1"
}

one_for_all()
{
	local name ours uid
	ours="$(stat -Lc %i /proc/self/ns/user) 0"
	uid=$(id -u "$TEST_USER")
	small_rootfs "$LXCPATH/rootfs"
	chown -R "$first:$first_gid" "$LXCPATH/rootfs"
	for name in a b c d; do
		config $name 65536
	done
	config other 4096
	ok "$who: a starts" start a
	lxc execute -n d -- /bin/sleep 1000 &
	ok "$who: a single command runs beside it" wait_for 20 is_state d RUNNING
	look d
	is "$who: and is made where we are" "$(parent d)" "$ours"
	lxc stop -k -n d
	wait
	for name in b other c; do
		ok "$who: $name starts" start $name
	done
	look a b c other
	is "$who: the first is made where we are" "$(parent a)" "$ours"
	is "$who: one with other ids as well" "$(parent other)" "$ours"
	not_ok "$who: the second is not" test "$(parent b)" = "$ours"
	is "$who: but in a namespace of the user's" "$(parent b | cut -d' ' -f2)" "$uid"
	is "$who: the third is beside it" "$(parent c)" "$(parent b)"
	is "$who: each is the user's" "$(owner c)" "$uid"
	for name in a c; do
		is "$who: $name: the map, from inside" \
			"$(lxc attach -n $name -- cat /proc/self/uid_map /proc/self/gid_map | tr -s ' \n' ' ')" \
			" 0 $first 65536 0 $first_gid 65536 "
		is "$who: $name: the map, from here" \
			"$(cat "/proc/$(init $name)/uid_map" "/proc/$(init $name)/gid_map" | tr -s ' \n' ' ')" \
			" 0 $first 65536 0 $first_gid 65536 "
		is "$who: $name: groups" "$(lxc attach -n $name -- sh -c \
			'cat /proc/1/setgroups; busybox sed -n s/^Groups:.//p /proc/1/status' | tr -s ' \n' ' ')" "allow "
	done
}

# Root of container b, outside its pid namespace: the most that somebody there could become
as_root_of_b()
{
	as_caller nsenter -t "$(init b)" -U -S 0 -G 0 "$@"
}

nobody_gains()
{
	local init_c init_b
	init_b=$(init b)
	init_c=$(init c)
	is "$who: root of one container" "$(as_root_of_b id -u)" 0
	ok "$who: has its own namespaces" as_root_of_b readlink "/proc/$init_b/ns/user"
	not_ok "$who: not those of another" as_root_of_b readlink "/proc/$init_c/ns/user"
	not_ok "$who: cannot enter it" as_root_of_b nsenter -t "$init_c" -U true
	not_ok "$who: or read its memory" as_root_of_b head -c 1 "/proc/$init_c/environ"
	ok "$who: knows its namespace" as_root_of_b "$python" -c 'import os; os.open("/proc/self/ns/user", 0)'
	not_ok "$who: does not come to what that was made in" as_root_of_b "$python" "$TMP/levels.py" b=self
}

# A limit of the session in which the namespace was made would hold for all.
limits_are_not_shared()
{
	ok "$who: one with another limit starts" as_caller prlimit --nproc=4000 "$RLXC" start -P "$LXCPATH" -n d -- /bin/sleep 1000
	look a d
	is "$who: by itself" "$(parent d)" "$(parent a)"
	lxc stop -k -n d
}

what_is_taken_away_stays_away()
{
	local before
	before=$(init c)
	ok "$who: c listens" listens c
	ok "$who: a reboot" lxc stop -r -n c
	not_ok "$who: has another init" test "$(init c)" = "$before"
	look b c
	is "$who: in the same namespace" "$(parent c)" "$(parent b)"
	for file in subuid subgid; do
		cp "$TMP/$file" "$TMP/$file.old"
		sed "/^$TEST_USER:/d" "$TMP/$file.old" >"$TMP/$file"
	done
	ok "$who: c listens again" listens c
	not_ok "$who: no reboot without the ids" lxc stop -r -n c -t 20
	ok "$who: it ends" wait_for 20 is_state c STOPPED
	not_ok "$who: nor a start" start c
	for file in subuid subgid; do
		cat "$TMP/$file.old" >"$TMP/$file"
	done
	ok "$who: with them there is one" start c
	look b c
	is "$who: in the namespace that is there" "$(parent c)" "$(parent b)"
}

holder()
{
	one_for_all
	nobody_gains
	limits_are_not_shared
	what_is_taken_away_stays_away
}

each_caller holder user
finish
