#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rlxc export and import: what comes back is what there was, whoever brings it back and whoever made
# the archive, rlxc or a plain tar of a backup; and archives that mean harm.
. "$(dirname "$0")/lib.sh"

who= # set by each_caller
need python3
# shellcheck disable=SC2154 # top_srcdir: of lib.sh
program=$top_srcdir/tests/run/export.py
mkdir "$TMP/archives" "$TMP/etc"
chmod 777 "$TMP/archives"
tar -C "$TMP" -cf "$TMP/empty.tar" etc
printf 'lxc.net.0.type = empty\n' >"$TMP/net.conf"
printf 'lxc.idmap = u 0 300000 65536\nlxc.idmap = g 0 400000 65536\n' >"$TMP/mapped.conf"

# inside NAME COMMAND ARG...: as root of the container's ids
inside()
{
	maps=$(sed -n 's/^lxc.idmap = \(.\) \(.*\) \(.*\) \(.*\)/-m \1:\2:\3:\4/p' "$LXCPATH/$1/config")
	shift
	if [ -z "$maps" ]; then
		as_caller "$@"
	else
		# shellcheck disable=SC2086
		as_caller "$RLXC" usernsexec -s $maps -- "$@"
	fi
}

sum()
{
	inside "$1" python3 "$program" sum "$LXCPATH/$1/rootfs"
}

# same NAME TEXT: the container has the files that the first one had
same()
{
	sum "$1" >"$TMP/sum.now" 2>&1
	is "$who: $2" "$(diff "$TMP/sum" "$TMP/sum.now" | head -n 5 | cut -c 1-200)" ""
}

# bring ARG...: an import that no configuration of the host has a part in
bring()
{
	lxc import -f "$TMP/net.conf" "$@"
}

# imported NAME TEXT ARG...
imported()
{
	name=$1
	text=$2
	shift 2
	if ok "$who: $text" bring -n "$name" "$@"; then
		same "$name" "$text: its files"
		lxc destroy -n "$name"
	fi
}

make_fixture()
{
	lxc create -n a -t local -f "$TMP/net.conf" -- --fstree "$TMP/empty.tar" >/dev/null
	devices=
	[ "$who" != root ] || devices=--devices
	inside a python3 "$program" make "$LXCPATH/a/rootfs" $devices || return 1
	c=$LXCPATH/a
	{
		echo "# a comment"
		echo "lxc.mount.fstab = $c/fstab"
		echo "lxc.net.0.hwaddr = 02:00:00:00:12:34"
	} >>"$c/config"
	as_caller sh -c 'echo "proc proc proc" >"$1/fstab"; mkdir "$1/hooks"; echo "#!/bin/sh" >"$1/hooks/h"
		chmod 755 "$1/hooks/h"; echo >"$1/a.log"' - "$c"
	sum a >"$TMP/sum"
	ok "$who: there are many files" test "$(grep -c . "$TMP/sum")" -gt 90
}

content()
{
	tar -xOf "$1" "$2"
}

# magic FILE: its first bytes
magic()
{
	od -An -tx1 -N4 "$1" | tr -d ' \n'
}

exports()
{
	archive=$TMP/archives/$who.tar.zst
	ok "$who: export to a file" lxc export -n a -o "$archive"
	is "$who: for its maker alone" "$(stat -c %a "$archive")" 600
	is "$who: nothing else is left" "$(find "$TMP/archives" -name '.*')" ""
	chmod 644 "$archive"
	is "$who: zstd by its suffix" "$(magic "$archive")" 28b52ffd
	for row in .tar:612f .tar.gz:1f8b08 .txz:fd377a58 .any:28b52ffd; do
		lxc export a -o "$TMP/archives/x${row%:*}"
		like "$who: as ${row%:*}" "$(magic "$TMP/archives/x${row%:*}")" "${row#*:}*"
	done
	rm -f "$TMP"/archives/x*
	lxc export -n a -z gzip >"$TMP/archives/stdout"
	like "$who: to stdout, compressed as asked" "$(magic "$TMP/archives/stdout")" "1f8b08*"
	rm "$TMP/archives/stdout"
	config=$(content "$archive" a/config)
	is "$who: without what belongs to the host" "$(grep -c -e idmap -e rootfs.path <<<"$config")" 0
	like "$who: with the rest" "$config" "*# a comment*lxc.net.0.hwaddr = 02:00:00:00:12:34*"
	like "$who: in ids of the container" "$(tar --numeric-owner -tvf "$archive" 2>/dev/null)" \
		"*1234/1235 * a/rootfs/owned?*"
	is "$who: sockets and logs are left out" "$(tar -tf "$archive" 2>/dev/null | grep -c -e '/socket$' -e 'log$')" 0
	lxc export -n a -l INFO --logfile "$LXCPATH/log" >/dev/null
	like "$who: which is said" "$(cat "$LXCPATH/log")" "*1 sockets were left out*"
	rm "$LXCPATH/log"
	is "$who: device nodes are there" "$(tar -tvf "$archive" 2>/dev/null | grep -c '^c.* 1,3 .*/node$')" \
		"$([ -n "$devices" ] && echo 1 || echo 0)"
}

imports()
{
	imported b "import, with a new name" "$archive"
	# shellcheck disable=SC2002 # a pipe is the point
	said=$(cat "$archive" | lxc import -f "$TMP/net.conf" -n b --format json -)
	is "$who: import from a pipe" "$said" "{\"name\":\"b\",\"path\":\"$LXCPATH/b\"}"
	c=$LXCPATH/b
	is "$who: paths lead to the new place" "$(grep -c "^lxc.mount.fstab = $c/fstab$" "$c/config")" 1
	if [ "$who" = root ]; then
		is "$who: device nodes are there again" "$(stat -c %t:%T "$c/rootfs/node")" 1:3
		like "$who: but none of disks" "$(bring -n d "$archive" 2>&1; ls "$LXCPATH/d/rootfs/disk" 2>&1)" \
			"*device nodes were left out: disk*No such file*"
		lxc destroy -n d
		ok "$who: unless it is trusted" bring -n d --trust "$archive"
		is "$who: then all are" "$(stat -c %t:%T "$LXCPATH/d/rootfs/disk")" 7:c8
		lxc destroy -n d
	fi
	is "$who: it is called so" "$(grep '^lxc.uts.name' "$c/config")" "lxc.uts.name = b"
	is "$who: it keeps its address" "$(grep -c '02:00:00:00:12:34' "$c/config")" 1
	is "$who: what is beside the files" "$(cd "$c" && ls; stat -c %a hooks/h; stat -c %U fstab)" \
		"config
fstab
hooks
rootfs
755
$(as_caller id -un)"
	like "$who: not over another" "$(bring -n b "$archive" 2>&1)" "*container 'b' exists already*"
	lxc destroy -n b
	like "$who: nor over itself" "$(bring "$archive" 2>&1)" "*container 'a' exists already*"
	head -c 2000 "$archive" >"$TMP/cut.tar.zst"
	like "$who: half an archive" "$(bring -n b "$TMP/cut.tar.zst" 2>&1)" "*cannot unpack*"
	like "$who: no such file" "$(bring -n b "$TMP/none" 2>&1)" "*cannot open archive*"
	is "$who: leaves nothing" "$(ls -A "$LXCPATH")" a
}

# A tar that somebody made of the container's directory, as backups are.
plain()
{
	tar --numeric-owner --xattrs --xattrs-include='*' --acls -S "$@" 2>/dev/null
}

backups()
{
	plain -C "$LXCPATH" -czf "$TMP/archives/plain.tgz" a
	plain -C / -cf "$TMP/archives/path.tar" "${LXCPATH#/}/a"
	plain -C "$LXCPATH/a" -cf "$TMP/archives/bare.tar" ./rootfs ./config
	chmod 644 "$TMP"/archives/*.t*
	imported b "a backup made by tar" "$TMP/archives/plain.tgz"
	imported b "one with a path in it" "$TMP/archives/path.tar"
	imported b "one without the directory" "$TMP/archives/bare.tar"
	like "$who: which needs a name" "$(bring "$TMP/archives/bare.tar" 2>&1)" "*what the container is called*"
	[ "$who" != root ] || return 0
	inside a tar --numeric-owner --xattrs --xattrs-include='*' --acls -S -C "$LXCPATH" -cf "$TMP/archives/own.tar" a 2>/dev/null
	chmod 644 "$TMP/archives/own.tar"
	imported b "one made inside the user namespace" "$TMP/archives/own.tar"
	printf 'lxc.idmap = u 0 %d 5000\nlxc.idmap = g 0 %d 5000\n' "$((first + 10000))" "$((first + 11000))" >"$TMP/other.conf"
	imported b "by a user with other ids" -f "$TMP/other.conf" "$archive"
	restores "snapshots, by a user with other ids" "$snaps" -f "$TMP/other.conf"
	imported b "and from a backup made by tar" -f "$TMP/other.conf" "$TMP/archives/plain.tgz"
}

running()
{
	has busybox || return 0
	lxc create -n r -t busybox -f "$TMP/net.conf" >/dev/null && lxc start -n r || return 0
	said=$(lxc export -n r -o "$TMP/archives/r.tar" 2>&1)
	like "$who: a running container is refused" "$said" "*container 'r' is running*hint: *--freeze*"
	ok "$who: and makes no file" test ! -e "$TMP/archives/r.tar"
	if has_cgroup; then
		ok "$who: --freeze" lxc export -n r --freeze -o "$TMP/archives/r.tar"
		is "$who: it runs again" "$(state r)" RUNNING
		lxc freeze -n r
		ok "$who: a frozen one" lxc export -n r --freeze -o "$TMP/archives/r.tar"
		is "$who: stays frozen" "$(state r)" FROZEN
		rm -f "$TMP/archives/r.tar"
	fi
	lxc stop -k -n r
	lxc copy -s -n r -N s
	inside s sh -c 'echo "$1" >"$2"' - above "$LXCPATH/s/overlay/delta/etc/above"
	ok "$who: a container on an overlay" lxc export -n s -o "$TMP/archives/s.tar"
	ok "$who: is imported" bring -n t "$TMP/archives/s.tar"
	ok "$who: with what is below" test -e "$LXCPATH/t/rootfs/bin/busybox"
	is "$who: and what is above" "$(cat "$LXCPATH/t/rootfs/etc/above")" above
	ok "$who: and starts" lxc start -n t
	lxc stop -k -n t
	for name in t s r; do
		lxc destroy -n $name
	done
	rm -f "$TMP/archives/s.tar"
}

# write NAME FILE TEXT: a file of the container's, as its root
write()
{
	inside "$1" sh -c 'mkdir -p "${2%/*}"; echo "$1" >"$2"' - "$3" "$LXCPATH/$1/$2"
}

# listed NAME: its snapshots, wherever they are
listed()
{
	lxc snapshot -n "$1" -L -C | sed 's/(.*)/()/'
}

# states NAME: what its file and those of its snapshots say
states()
{
	cat "$LXCPATH/$1/rootfs/etc/state" "$LXCPATH/$1"/snaps/*/rootfs/etc/state | tr '\n' ' '
}

# restores TEXT ARCHIVE ARG...: an import of snapshots, which go on as before
restores()
{
	text=$1
	file=$2
	shift 2
	ok "$who: $text" bring -n b "$@" "$file" || return 0
	is "$who: $text: what there is" "$(listed b)" "$(cat "$file.listed")"
	is "$who: $text: in them" "$(states b)" "last first second "
	is "$who: $text: root's" "$(inside b stat -c %u:%g "$LXCPATH/b/snaps/snap0/rootfs/etc/state")" 0:0
	is "$who: $text: they are called so" "$(grep -c '^lxc.uts.name = b$' "$LXCPATH/b/snaps/snap0/config")" 1
	ok "$who: $text: restored" lxc snapshot -n b -r snap0
	is "$who: $text: that counts" "$(states b)" "first first second "
	ok "$who: $text: as a new one" lxc snapshot -n b -r snap1 -N d
	is "$who: $text: with its files" "$(cat "$LXCPATH/d/rootfs/etc/state")" second
	lxc destroy -n d
	ok "$who: $text: removed" lxc destroy -s -n b
}

snapshots()
{
	lxc create -n p -t local -f "$TMP/net.conf" -- --fstree "$TMP/empty.tar" >/dev/null
	echo "what it was" >"$TMP/comment"
	write p rootfs/etc/state first
	lxc snapshot -n p -c "$TMP/comment"
	write p rootfs/etc/state second
	lxc snapshot -n p
	write p rootfs/etc/state last
	# As a copy by cp -al has it: the files are there, not names of one elsewhere.
	inside p ln "$LXCPATH/p/rootfs/etc/state" "$LXCPATH/p/snaps/snap0/rootfs/etc/too"
	snaps=$TMP/archives/snaps.$who.tar
	listed p >"$snaps.listed"
	like "$who: there are snapshots" "$(cat "$snaps.listed")" "snap0 *what it was*snap1 *"
	ok "$who: export with snapshots" lxc export -n p --snapshots -o "$snaps"
	chmod 644 "$snaps"
	is "$who: what tells comes before the files" \
		"$(tar -tf "$snaps" 2>/dev/null | sed -n '/rootfs/,$p' | grep -vc '/rootfs/')" 0
	is "$who: without ids of the host" "$(content "$snaps" p/snaps/snap0/config | grep -c -e idmap -e rootfs.path)" 0
	is "$who: and without, when not asked" "$(lxc export -n p -z none | tar -t 2>/dev/null | grep -c snaps)" 0
	[ "$(id -u)" -eq 0 ] && [ "$who" = user ] || restores "snapshots come back" "$snaps" # else below
	mkdir "${LXCPATH}snaps"
	like "$who: not where LXC 1.0 has others" "$(bring -n b "$snaps" 2>&1)" "*would be in '${LXCPATH}snaps/b'*hint: -P *"
	rmdir "${LXCPATH}snaps"
	echo "lxc.idmap = u 70000 700000 1" >>"$LXCPATH/p/snaps/snap1/config"
	like "$who: other ids" "$(lxc export -n p --snapshots 2>&1 >/dev/null)" "*'p/snaps/snap1' has other ids *hint: *"
	sed -i '$d' "$LXCPATH/p/snaps/snap1/config"
	lxc create -n n -t none -f "$TMP/net.conf"
	as_caller touch "$LXCPATH/n/fstab"
	ok "$who: a snapshot without a root file system" lxc snapshot -n n
	lxc export -n n --snapshots -o "$TMP/archives/n.tar"
	ok "$who: is taken along" bring -n b "$TMP/archives/n.tar"
	is "$who: for what it is" "$(cd "$LXCPATH/b" && ls . snaps/snap0; listed b)" "$(cd "$LXCPATH/n" && ls . snaps/snap0; listed n)"
	lxc destroy -s -n b
	lxc destroy -s -n n
	lxc copy -s -n p -N o
	lxc snapshot -n o
	write o overlay/delta/etc/state above
	lxc snapshot -n o
	ok "$who: export an overlay with snapshots" lxc export -n o --snapshots -o "$TMP/archives/o.tar"
	lxc destroy -s -n o
	lxc destroy -s -n p
	ok "$who: which needs nothing else" bring -n b "$TMP/archives/o.tar"
	is "$who: is as it was seen" "$(states b)" "above last above "
	ok "$who: and restored" lxc snapshot -n b -r snap0
	is "$who: to what was seen" "$(states b)" "last last above "
	lxc destroy -s -n b
	rm -f "$TMP/archives/o.tar"
}

hostile()
{
	mkdir "$TMP/hostile.$who"
	python3 "$program" hostile "$TMP/hostile.$who" "$LXCPATH"
	while IFS="$(printf '\t')" read -r name says word; do
		file=$TMP/hostile.$who/$name.tar
		[ "$word" != accept ] || continue
		set -- -n c
		[ "$word" != unnamed ] || set --
		like "$who: $name is refused" "$(bring "$@" "$file" 2>&1)" "*$says*"
		if [ "$word" = trust ]; then
			ok "$who: unless it is trusted" bring -n c --trust "$file"
			lxc destroy -s -n c 2>/dev/null
		fi
	done <"$TMP/hostile.$who/cases"
	ok "$who: what is not its own to bring" bring "$TMP/hostile.$who/own.tar"
	c=$LXCPATH/c
	is "$who: is not there" "$(cd "$c" && ls -A; stat -c '%a %U' fstab setuid hooks/h)" ".rlxc
config
fstab
hooks
rootfs
setuid
640 $(as_caller id -un)
755 $(as_caller id -un)
755 $(as_caller id -un)"
	not_ok "$who: the mark is ours" grep -q 'idmap u 0 0 1' "$c/.rlxc"
	lxc destroy -n c
	is "$who: nothing is left" "$(ls -A "$LXCPATH")" a
}

# traced CALL COMMAND ARG...: which is killed at that system call
traced()
{
	call=$1
	shift
	set -- strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL" "$RLXC" "$@"
	if [ "$who" = root ]; then
		"$@"
	else
		shift
		env HOME="$TMP" strace -u "$TEST_USER" "$@"
	fi >/dev/null 2>&1
}

# Killed when all is there but not yet on the disk.
killed()
{
	has strace && strace -f -qq -e inject=getppid:signal=KILL:when=1 true 2>/dev/null || return 0
	traced syncfs import -P "$LXCPATH" -n k -f "$TMP/net.conf" --privileged "$archive"
	ok "$who: a killed import leaves something" test -e "$LXCPATH/k/partial"
	is "$who: which no list shows" "$(lxc ls -1)" a
	is "$who: and takes away" "$(ls -A "$LXCPATH")" a
	traced syncfs import -P "$LXCPATH" -n k -f "$TMP/net.conf" --privileged "$snaps"
	ok "$who: as well with snapshots" test -e "$LXCPATH/k/snaps/snap1/rootfs/etc/state" -a -e "$LXCPATH/k/partial"
	is "$who: which go with it" "$(lxc ls -1; ls -A "$LXCPATH")" "a
a"
	traced fsync export -P "$LXCPATH" -n a -o "$TMP/archives/killed.tar"
	is "$who: a killed export leaves no file" "$(find "$TMP/archives" -name '.*' -o -name 'killed*')" ""
	[ "$who" = root ] || return 0
	set -- -e trace=openat,linkat,renameat -P "$TMP/archives" -e inject=openat:error=EOPNOTSUPP:when=1 -o "$TMP/calls"
	ok "$who: export where files have names" strace -f -qq "$@" "$RLXC" export -P "$LXCPATH" -n a -z none -o "$TMP/archives/named"
	like "$who: in all steps" "$(cat "$TMP/calls")" "*O_TMPFILE*EOPNOTSUPP*O_EXCL*renameat(*"
	is "$who: which is complete" "$(tar -tf "$TMP/archives/named" 2>/dev/null | grep -c '^a/config$')" 1
	rm -f "$TMP/archives/named" "$TMP/calls"
}

# What one caller has exported is brought back by the other.
by_root()
{
	local who=root LXCPATH=$TMP/by-root
	mkdir "$LXCPATH"
	like "no ids of its own are an error" "$(bring "$archive" 2>&1)" \
		"*would have those of root here*hint: *lxc.idmap*--privileged*"
	imported b "a user's, with a map" -f "$TMP/mapped.conf" "$archive"
	imported b "and without" --privileged "$archive"
	restores "a user's, with snapshots" "$snaps" -f "$TMP/mapped.conf"
	imported b "a backup of a user's" -f "$TMP/mapped.conf" "$TMP/archives/plain.tgz"
	bring "$TMP/archives/plain.tgz"
	is "a backup keeps its map" "$(grep -c "lxc.idmap = . 0 $first 65536" "$LXCPATH/a/config")" 2
	same a "its files"
}

full_disk()
{
	mkdir "$TMP/small"
	# shellcheck disable=SC2016
	said=$(unshare -m sh -c 'mount -t tmpfs -o size=600k tmpfs "$2/small" &&
		"$1" import -P "$2/small" -f "$2/net.conf" "$3"; ls -A "$2/small"
		"$1" export -P "$4" -n a -z none -o "$2/small/x"; ls -A "$2/small"' - "$RLXC" "$TMP" "$archive" "$LXCPATH" 2>&1)
	like "$who: a full disk" "$said" "rlxc import: *cannot write *: No space left on device
hint: df *
rlxc export: *: No space left on device"
	is "$who: is said in lines of its own" "$(wc -l <<<"$said")" 3
}

checks()
{
	make_fixture || skip "the fixture cannot be made"
	exports
	imports
	running
	snapshots
	hostile
	[ "$(id -u)" -eq 0 ] || return 0
	killed
	first=$(sed -n "s/^$TEST_USER:\([0-9]*\):.*/\1/p" /etc/subuid | head -n 1)
	backups
	if [ "$who" = root ]; then
		full_disk
	else
		imported b "an archive of root's" "$TMP/archives/root.tar.zst"
		like "$who: without its device nodes" "$(bring -n b "$TMP/archives/root.tar.zst" 2>&1)" \
			"*warning: device nodes were left out: *node*"
		lxc destroy -n b
		restores "one of root's with snapshots" "$TMP/archives/snaps.root.tar"
		by_root
	fi
}

each_caller checks root user
finish
