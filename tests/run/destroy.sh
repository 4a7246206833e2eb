#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-destroy: what is removed, what forbids it, and that nothing else is touched.
. "$(dirname "$0")/lib.sh"

[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
mkdir "$TMP/home" "$TMP/outside"
echo precious >"$TMP/outside/file"

as_root()
{
	"$@"
}

run()
{
	"$who" env HOME="$TMP/home" "$@"
}

create()
{
	run "$RLXC" create -P "$LXCPATH" "$@"
}

destroy()
{
	run "$RLXC" destroy -P "$LXCPATH" "$@"
}

message()
{
	destroy "$@" 2>&1 >/dev/null </dev/null
}

# As the container's root, where the files belong to subordinate ids
inside()
{
	if [ "$who" = as_root ]; then
		"$@"
	else
		run unshare --map-auto --map-root-user -- "$@"
	fi
}

checks()
{
	c=$LXCPATH/c1
	like "$who: no such container" "$(message -n no)" "*'no' does not exist*"
	like "$who: a bad name" "$(message -n ../x)" "*cannot be the name*"
	create -n c1 -t busybox
	ok "$who: destroy" destroy -n c1
	ok "$who: it is gone" test ! -e "$c"
	not_ok "$who: not twice" destroy -n c1

	create -n c1 -t busybox
	inside ln -s "$TMP/outside" "$c/rootfs/link"
	inside ln -s ../../../outside "$c/rootfs/etc/link"
	inside mkdir -p "$c/rootfs/closed/deeper"
	inside chmod 0 "$c/rootfs/closed/deeper" "$c/rootfs/closed"
	run ln -s "$TMP/outside" "$c/link"
	run mkdir "$c/own"
	run touch "$c/own/file" "$c/c1.log"
	ok "$who: links, closed directories, files of the user" destroy -n c1
	ok "$who: all of it is gone" test ! -e "$c"
	is "$who: what links led to is there" "$(cat "$TMP/outside/file")" precious

	create -n c1 -t busybox
	run mv "$c/.rlxc" "$TMP/home/mark"
	like "$who: without our mark" "$(message -n c1)" "*not made by rlxc*touch '$c/.rlxc'*"
	ok "$who: it stays" test -e "$c/rootfs/sbin/init"
	run touch "$c/.rlxc"
	run chmod 666 "$c/.rlxc"
	like "$who: a mark that others can write" "$(message -n c1)" "*only uid*"
	run chmod 644 "$c/.rlxc"
	ok "$who: adopted" destroy -n c1

	create -n c1 -t busybox
	echo 'lxc.no.such.key = 1' | run tee -a "$c/config" >/dev/null
	ok "$who: a configuration with a mistake" destroy -n c1
	ok "$who: it is gone" test ! -e "$c"

	create -n c1 -t busybox
	echo 'lxc.rootfs.managed = 0' | run tee -a "$c/config" >/dev/null
	ok "$who: not managed" destroy -n c1
	ok "$who: it stays" test -e "$c/rootfs/sbin/init"
	sed '/managed/d' "$c/config" | run tee "$c/config.new" >/dev/null
	run mv "$c/config.new" "$c/config"

	echo "lxc.hook.destroy = $TMP/hook one" | run tee -a "$c/config" >/dev/null
	cat >"$TMP/hook" <<-EOF
		#!/bin/sh
		echo "\$*" >$TMP/home/hook
		echo "\$LXC_NAME \$LXC_CONFIG_FILE \$LXC_ROOTFS_PATH" >>$TMP/home/hook
		exit \$(cat $TMP/home/status)
	EOF
	chmod 755 "$TMP/hook"
	echo 3 | run tee "$TMP/home/status" >/dev/null
	like "$who: a hook that fails" "$(message -n c1)" "*hook*exit status 3*"
	ok "$who: it stays" test -e "$c/rootfs/sbin/init"
	ok "$who: and is no partial one" test ! -e "$c/partial"
	echo 0 | run tee "$TMP/home/status" >/dev/null
	ok "$who: a hook that agrees" destroy -n c1
	is "$who: what it is told" "$(cat "$TMP/home/hook")" "one c1 lxc destroy
c1 $c/config $c/rootfs"

	create -n c1 -t busybox
	run mkdir "$c/snaps"
	ok "$who: an empty snaps" destroy -n c1
	create -n c1 -t busybox
	run mkdir "$c/snaps"
	run "$RLXC" create -P "$c/snaps" -n snap0 -t busybox
	like "$who: with snapshots" "$(message -n c1)" "*has snapshots*-s*"
	run mkdir "$c/snaps/foreign"
	run touch "$c/snaps/foreign/config"
	like "$who: -s with one that is not ours" "$(message -s -n c1)" "*'foreign' was not made by rlxc*"
	ok "$who: it stays" test -e "$c/rootfs/sbin/init"
	run rm -r "$c/snaps/foreign"
	ok "$who: -s" destroy -s -n c1
	ok "$who: it is gone" test ! -e "$c"

	create -n c1 -t busybox
	create -n clone -t none
	printf '%s\nclone\n' "$LXCPATH" | run tee "$c/lxc_snapshots" >/dev/null
	printf '%s\nc1\n' "$LXCPATH" | run tee "$LXCPATH/clone/lxc_rdepends" >/dev/null
	like "$who: with clones" "$(message -n c1)" "*has a clone*$LXCPATH/clone*"
	ok "$who: the clone" destroy -n clone
	ok "$who: takes itself out" test ! -e "$c/lxc_snapshots"
	ok "$who: then the parent" destroy -n c1

	create -n c1 -t busybox
	echo 'lxc.ephemeral = 1' | run tee -a "$c/config" >/dev/null
	ok "$who: an ephemeral one that was left over" destroy -n c1
	ok "$who: it is gone" test ! -e "$c"

	# A rootfs of the user's own stays; so does one that took the place of ours.
	run mkdir -p "$TMP/home/mine/etc"
	echo "lxc.rootfs.path = dir:$TMP/home/mine" >"$TMP/own.conf"
	chmod 644 "$TMP/own.conf"
	create -n c1 -t none -f "$TMP/own.conf"
	ok "$who: with a rootfs of its own" destroy -n c1
	ok "$who: which stays" test -d "$TMP/home/mine/etc"
	create -n c1 -t busybox --dir "$TMP/home/far"
	run mv "$TMP/home/far" "$TMP/home/moved"
	run mkdir "$TMP/home/far" "$TMP/home/far/precious"
	ok "$who: with another directory in the place of the rootfs" destroy -n c1
	ok "$who: which stays" test -d "$TMP/home/far/precious"
	inside rm -rf "$TMP/home/moved" "$TMP/home/far" "$TMP/home/mine"

	# What an interrupted destroy leaves is cleared away.
	create -n c1 -t busybox
	run touch "$c/partial"
	run "$RLXC" ls -P "$LXCPATH" >/dev/null 2>&1
	ok "$who: the rests of an interrupted destroy" test ! -e "$c"

	# Deeper than any path, and than any stack of descriptors
	create -n c1 -t busybox
	inside python3 -c '
import os, sys
os.chdir(sys.argv[1])
for i in range(4000):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
' "$c/rootfs/tmp"
	ok "$who: a very deep tree" destroy -n c1
	ok "$who: it is gone" test ! -e "$c"
}

if [ "$(id -u)" -eq 0 ]; then
	who=as_root
	need python3
	checks
	create -n c1 -t busybox
	if mount --bind "$TMP/outside" "$LXCPATH/c1/rootfs/mnt" 2>/dev/null; then
		on_exit 'umount "$LXCPATH/c1/rootfs/mnt" 2>/dev/null'
		like "root: a mount inside" "$(message -n c1)" "*mounted on '$LXCPATH/c1/rootfs/mnt'*umount*"
		ok "root: nothing is removed" test -e "$LXCPATH/c1/rootfs/sbin/init" -a -e "$LXCPATH/c1/rootfs/etc/passwd"
		is "root: not in the mount either" "$(cat "$TMP/outside/file")" precious
		umount "$LXCPATH/c1/rootfs/mnt"
	fi
	ok "root: destroy" destroy -n c1
	# Somebody else's directory is not ours to remove, whatever stands in it.
	if getent passwd "${TEST_USER:-}" >/dev/null; then
		mkdir "$LXCPATH/trap"
		printf 'rootfs made %s %s\n' "$(stat -c %i "$TMP/outside")" "$TMP/outside" >"$LXCPATH/trap/.rlxc"
		touch "$LXCPATH/trap/config"
		chown -R "$TEST_USER" "$LXCPATH/trap"
		not_ok "root: the mark of another user" destroy -n trap
		is "root: does not lead outside" "$(cat "$TMP/outside/file")" precious
		rm -r "$LXCPATH/trap"
	fi
	rm -rf "${TMP:?}/home"
	mkdir "$TMP/home"
fi

if [ "$(id -u)" -ne 0 ] || getent passwd "${TEST_USER:-}" >/dev/null; then
	need_user
	need python3
	chown "$TEST_USER:" "$TMP/home" 2>/dev/null
	as_user test -x "$RLXC" || skip "$TEST_USER cannot run $RLXC"
	who=as_user
	checks
fi
finish
