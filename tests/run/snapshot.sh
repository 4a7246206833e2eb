#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-snapshot: what is kept, listed, restored and deleted, and restores that were killed.
. "$(dirname "$0")/lib.sh"

has busybox || skip "no busybox"

message()
{
	lxc "$@" 2>&1 >/dev/null </dev/null
}

inside()
{
	# shellcheck disable=SC2154
	if [ "$who" = root ]; then
		"$@"
	else
		as_caller unshare --map-auto --map-root-user -- "$@"
	fi
}

put()
{
	inside sh -c "echo '$2' >'$LXCPATH/$1/rootfs/etc/content'"
}

content()
{
	inside cat "$LXCPATH/$1/rootfs/etc/content"
}

making()
{
	lxc create -n a -t busybox >/dev/null
	c=$LXCPATH/a
	echo 'lxc.net.0.type = empty' | as_caller tee -a "$c/config" >/dev/null
	is "$who: none yet" "$(lxc snapshot -n a -L)" "No snapshots"
	if [ "$(id -u)" -eq 0 ] && [ "$who" = user ]; then
		mkdir -m 700 "$LXCPATH/closed"
		like "$who: one may not look" "$(message snapshot -n closed -L)" \
			"*cannot look into '$LXCPATH/closed': Permission denied*"
		rmdir "$LXCPATH/closed"
	fi
	is "$who: none in JSON" "$(lxc snapshot -n a -L --format json)" "[]"
	exits 1 "$who: none to delete" lxc snapshot -n a -d ALL
	put a first
	echo "before the change" >"$TMP/comment"
	chmod 644 "$TMP/comment"
	is "$who: silent" "$(lxc snapshot -n a -c "$TMP/comment" 2>&1)$?" 0
	put a second
	ok "$who: another" lxc snapshot -n a
	like "$who: the list" "$(lxc snapshot -n a -L)" \
		"snap0 ($c/snaps) [0-9][0-9][0-9][0-9]:[0-9][0-9]:[0-9][0-9] *:*:*
snap1 ($c/snaps) *"
	like "$who: with comments" "$(lxc snapshot -n a -L -C)" "snap0 *
before the change
snap1 *"
	like "$who: as JSON" "$(lxc snapshot -n a -L --format json)" \
		'\[{"name":"snap0","path":"'"$c"'/snaps","time":"*","comment":"before the change\\n"},{"name":"snap1",*,"comment":null}\]'
	is "$who: the time is 19 bytes" "$(stat -c %s "$c/snaps/snap0/ts")" 19
	ok "$who: the name is kept" grep -qx 'lxc.uts.name = a' "$c/snaps/snap0/config"
	is "$who: it is a container" "$(inside cat "$c/snaps/snap0/rootfs/etc/content")" first
	like "$who: a comment that is not there" "$(message snapshot -n a -c /no/such)" "*'/no/such'*"
	not_ok "$who: makes no snapshot" test -e "$c/snaps/snap2"
	like "$who: the container is kept with them" "$(message destroy -n a)" "*has snapshots*"
	lxc start -n a
	like "$who: not while it runs" "$(message snapshot -n a)" "*'a' is running*"
	like "$who: nor is it restored" "$(message snapshot -n a -r snap0)" "*'a' is running*"
	lxc stop -k -n a
}

restoring()
{
	put a third
	as_caller sh -c 'echo "lxc.environment = LATER=1" >>"$1"' - "$c/config"
	like "$who: an unknown snapshot" "$(message snapshot -n a -r snap7)" "*no snapshot 'snap7'*"
	is "$who: changes nothing" "$(content a)" third
	ok "$who: restore" lxc snapshot -n a -r snap0
	is "$who: the files" "$(content a)" first
	not_ok "$who: the configuration" grep -q LATER "$c/config"
	is "$who: its own path" "$(sed -n 's/^lxc.rootfs.path = //p' "$c/config")" "dir:$c/rootfs"
	is "$who: nothing is left over" "$(ls -A "$c" | sort | tr '\n' ' ')" ".rlxc config rootfs snaps "
	ok "$who: it starts" lxc start -n a
	lxc stop -k -n a
	ok "$who: as a new container" lxc snapshot -n a -r snap1 new
	is "$who: with the files" "$(content new)" second
	is "$who: and its own name" "$(sed -n 's/^lxc.uts.name = //p' "$LXCPATH/new/config")" new
	is "$who: the old one stays" "$(content a)" first
	ok "$who: it goes" lxc destroy -n new
}

# Each state in which a restore can be killed, as the commands leave it
killed()
{
	put a old
	as_caller cp "$c/snaps/snap1/config" "$c/.restored"
	inside sed -i "s,/snaps/snap1/,/," "$c/.restored"
	inside cp -a "$c/snaps/snap1/rootfs" "$c/.new.rootfs"
	lxc info -n a >/dev/null
	is "$who: once it counts it is ended" "$(content a)" second
	not_ok "$who: entirely" test -e "$c/.restored"
	inside mv "$c/rootfs" "$c/.new.rootfs"
	as_caller cp "$c/config" "$c/.restored"
	lxc info -n a >/dev/null
	is "$who: also half way" "$(content a)" second
	inside cp -a "$c/snaps/snap0/rootfs" "$c/.new.rootfs"
	lxc info -n a >/dev/null
	is "$who: before that it has not happened" "$(content a)" second
	for i in 1 2 3 4 5 6 7 8; do
		as_caller "$RLXC" snapshot -P "$LXCPATH" -n a -r snap$((i % 2)) &
		pid=$!
		sleep "0.0$((i * 7 % 10))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		lxc info -n a >/dev/null 2>&1
		case $(content a) in
		first | second) ;;
		*) ok "$who: a killed restore leaves a state" false ;;
		esac
	done 2>/dev/null
	ok "$who: the next one tidies up" wait_for 20 lxc snapshot -n a -r snap0
	is "$who: all of it" "$(ls -A "$c" | sort | tr '\n' ' ')" ".rlxc config rootfs snaps "
	ok "$who: it starts" lxc start -n a
	lxc stop -k -n a
}

overlays()
{
	[ "$(stat -f -c %T "$TMP")" != overlayfs ] || return
	lxc copy -n a -N o -s
	lxc start -n o
	lxc attach -n o -- sh -c 'echo one >/etc/written'
	lxc stop -k -n o
	ok "$who: of an overlay" lxc snapshot -n o
	lxc start -n o
	lxc attach -n o -- sh -c 'echo two >/etc/written'
	lxc stop -k -n o
	ok "$who: restored" lxc snapshot -n o -r snap0
	lxc start -n o
	is "$who: with what was written then" "$(lxc attach -n o -- cat /etc/written)" one
	lxc stop -k -n o
	like "$who: a base is not restored" "$(message snapshot -n a -r snap0)" "*'a' has a clone*"
	ok "$who: destroyed with its snapshot" lxc destroy -s -n o
	not_ok "$who: nobody needs the base" test -e "$c/lxc_snapshots"
}

deleting()
{
	ok "$who: delete one" lxc snapshot -n a -d snap0
	exits 1 "$who: not twice" lxc snapshot -n a -d snap0
	exits 1 "$who: ALL is a whole word" lxc snapshot -n a -d A
	ok "$who: the number is used again" lxc snapshot -n a
	ok "$who: it is there" test -e "$c/snaps/snap0/config"
	ok "$who: all of them" lxc snapshot -n a -d ALL
	not_ok "$who: with their directory" test -e "$c/snaps"
	ok "$who: the container goes" lxc destroy -n a
}

checks()
{
	making
	restoring
	killed
	overlays
	deleting
}

each_caller checks root user
finish
