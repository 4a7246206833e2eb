#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Storage backends: each operation with each backend for each caller, as a table says; what only
# overlays have; and what a creation that was killed leaves behind, which is nothing.
#
# Run by root it has mounts of its own: a btrfs file system, and a /dev where programs that stand in
# for those of LVM make their volumes. ZFS is not to be had everywhere: a program in its place
# writes down what it is asked.
#
# STORAGE_ROWS="lvm thin": these rows of the table only, with a volume group vg0 that is real, and of them
# STORAGE_OPERATIONS.
if [ "$(id -u)" -eq 0 ] && [ -z "${STORAGE_INSIDE-}" ] && unshare --mount true 2>/dev/null; then
	STORAGE_INSIDE=$(readlink /proc/self/ns/mnt) exec unshare --mount --propagation private -- bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
need timeout

# ---- the matrix ----

# BACKEND CALLER OPERATION... ; clone is copy -s, restore is in place, renew as a new container. What
# is not in a row is refused, with the message of why_not; an empty row by create. "bare" is a user,
# too; thin is lvm in a thin pool.
matrix='
dir     root create start copy clone snapshot restore renew rename destroy
dir     user create start copy clone snapshot restore renew rename destroy
overlay root create start copy clone snapshot restore renew rename destroy
overlay user create start copy clone snapshot restore renew rename destroy
btrfs   root create start copy clone snapshot restore renew rename destroy
btrfs   user create start copy clone snapshot restore renew rename destroy
loop    root create start copy       snapshot restore renew rename destroy
loop    user
lvm     root create start copy clone snapshot restore renew rename destroy
lvm     user
thin    root create start copy clone snapshot restore renew rename destroy
zfs     root
zfs     user
nbd     root
nbd     user
rbd     root
rbd     user
'
operations=${STORAGE_OPERATIONS:-create start copy clone snapshot restore renew rename destroy}
backends="dir overlay btrfs loop lvm thin zfs nbd rbd"

why_not()
{
	case $1-$2 in
	loop-clone) echo "*type 'loop' has no snapshots*hint: make a full copy, without -s*" ;;
	nbd-*) echo "*'nbd' is not supported: it needs qemu-nbd*" ;;
	rbd-*) echo "*'rbd' is not supported: it needs a Ceph cluster*" ;;
	*-user) echo "*only root of the host can have a root file system of type '$1': *" ;;
	zfs-root) echo "*cannot use dataset 'lxc'*" ;; # no pool here, see zfs below
	esac
}

# What lxc.rootfs.path names, as a pattern.
where()
{
	case $1 in
	overlay) echo "overlay:$LXCPATH/$2/rootfs:$LXCPATH/$2/overlay/delta" ;;
	loop) echo "loop:$LXCPATH/$2/rootdev" ;;
	lvm | thin) echo "lvm:/dev/vg0/$2" ;;
	*) echo "$1:$LXCPATH/$2/rootfs" ;;
	esac
}

create()
{
	lxc create -t busybox -f "$TMP/plain.conf" "$@"
}

extra_options()
{
	case $1 in
	loop) echo "--fssize 64M" ;;
	lvm) echo "--vgname vg0 --fssize 32M" ;;
	thin) echo "--vgname vg0 --thinpool pool --fssize 32M" ;;
	esac
}

# As -B knows it
backend_of()
{
	echo "$1" | sed 's/^thin$/lvm/'
}

inside()
{
	lxc attach -n "$1" -- sh -c "$2"
}

op_create()
{
	# shellcheck disable=SC2046
	ok "$who, $1: create" create -n "$1" -B "$(backend_of "$1")" $(extra_options "$1") || return
	like "$who, $1: the configuration" "$(lxc_rootfs "$1")" "$(where "$1" "$1")"
	[ "$1" = btrfs ] || return 0
	is "$who, btrfs: is a subvolume" "$(stat -c %i "$LXCPATH/$1/rootfs")" 256
}

lxc_rootfs()
{
	sed -n 's/^lxc.rootfs.path = //p' "$LXCPATH/$1/config"
}

# A shell's line in a container that is started for it
once()
{
	lxc start -n "$1" && inside "$1" "$2"
	lxc stop -k -n "$1"
}

# What tells states and containers apart
put()
{
	once "$1" "echo $2 >/etc/state"
}

is_like()
{
	is "$2" "$(once "$1" 'cat /etc/state /etc/hostname')" "$3
$1"
}

op_copy()
{
	put "$1" first
	ok "$who, $1: copy" lxc copy -n "$1" -N k || return
	is_like k "$who, $1: the copy" first
	[ "$1" != btrfs ] || is "$who, btrfs: it is a subvolume" "$(stat -c %i "$LXCPATH/k/rootfs")" 256
	[ "$1-$who" != loop-root ] ||
		is "$who, loop: as large as the original" "$(stat -c %s "$LXCPATH/k/rootdev")" 67108864
	case $1 in
	lvm | thin)
		is "$who, $1: as large, and of the same kind" "$(describe k)" "$(describe "$1")" ;;
	esac
	ok "$who, $1: it goes" lxc destroy -n k
}

# Size and pool of a logical volume
describe()
{
	echo "$(blockdev --getsize64 "/dev/vg0/$1")" "$(lvs --noheadings -o pool_lv "vg0/$1" | tr -d ' ')"
}

# Those that need what they were made from hold it
op_clone()
{
	ok "$who, $1: copy -s" lxc copy -n "$1" -N k -s || return
	put k changed
	is_like k "$who, $1: the clone" changed
	is_like "$1" "$who, $1: what it was made from" first
	case $1 in
	dir | overlay | lvm)
		like "$who, $1: which cannot go" "$(lxc destroy -n "$1" 2>&1)" \
			"*'$1' has a clone that needs it, '$LXCPATH/k'*hint: lxc-destroy -s*"
		;;
	esac
	case $1 in
	lvm) like "$who, $1: no snapshot of a snapshot" "$(lxc copy -n k -N k2 -s 2>&1)" \
		"*'vg0/k' is a snapshot itself*hint: make a full copy, without -s*" ;;
	*)
		ok "$who, $1: a clone of the clone" lxc copy -n k -N k2 -s
		is_like k2 "$who, $1: with its own name" changed
		ok "$who, $1: which goes" lxc destroy -n k2
		;;
	esac
	ok "$who, $1: the clone goes" lxc destroy -n k
	not_ok "$who, $1: nobody needs the source" test -e "$LXCPATH/$1/lxc_snapshots"
}

op_snapshot()
{
	ok "$who, $1: snapshot" lxc snapshot -n "$1" || return
	put "$1" second
	ok "$who, $1: another" lxc snapshot -n "$1"
	is "$who, $1: both are there" "$(lxc snapshot -n "$1" -L | cut -d' ' -f1)" "snap0
snap1"
	like "$who, $1: it cannot go" "$(lxc destroy -n "$1" 2>&1)" "*'$1' has snapshots*"
}

# Twice, since the files of a volume change places
op_restore()
{
	ok "$who, $1: restore" lxc snapshot -n "$1" -r snap0 || return
	is_like "$1" "$who, $1: the first state" first
	ok "$who, $1: and the other" lxc snapshot -n "$1" -r snap1
	is_like "$1" "$who, $1: the second state" second
	put "$1" third
	ok "$who, $1: what was restored has a snapshot" lxc snapshot -n "$1"
	ok "$who, $1: the first once more" lxc snapshot -n "$1" -r snap0
	is_like "$1" "$who, $1: is unchanged" first
	is "$who, $1: nothing is left over" "$(find "$LXCPATH/$1" -maxdepth 1 -name ".*" -printf "%f ")" ".rlxc "
	[ "$1" != loop ] || is "$who, loop: nor an image" "$(find "$LXCPATH/loop" -maxdepth 1 -name 'rootdev*' | wc -l)" 1
	case $1 in
	lvm | thin) is "$who, $1: nor a volume" "$(count_volumes)" 4 ;;
	esac
}

# The container's and those of three snapshots
count_volumes()
{
	lvs --noheadings -o lv_attr vg0 | grep -cv '^ *t'
}

op_renew()
{
	ok "$who, $1: restore as a new one" lxc snapshot -n "$1" -r snap2 -N new || return
	is_like new "$who, $1: the third state" third
	ok "$who, $1: it goes" lxc destroy -n new
	is_like "$1" "$who, $1: the container stays" first
	ok "$who, $1: the snapshots go" lxc snapshot -n "$1" -d ALL
}

# Another has the old name, and its image the old place, which is nothing to the renamed one.
renamed_image()
{
	lxc copy -n loop -N r -R
	lxc copy -n r -N loop
	ok "$who, loop: a renamed one goes" lxc destroy -n r
	is_like loop "$who, loop: and not the image of another" first
}

op_rename()
{
	ok "$who, $1: rename" lxc copy -n "$1" -N r -R || return
	is_like r "$who, $1: with the name inside" first
	not_ok "$who, $1: the old name is free" test -e "$LXCPATH/$1"
	ok "$who, $1: back" lxc copy -n r -N "$1" -R
	is_like "$1" "$who, $1: with its own name" first
	[ "$1" != loop ] || renamed_image
	[ "$1" = dir ] || return 0
	ok "$who: a clone" lxc copy -n dir -N k -s
	ok "$who: is renamed" lxc copy -n k -N r -R
	is_like r "$who: with the name inside" first
	is "$who: and with no name below it" "$(once dir 'cat /etc/hostname')" dir
	ok "$who: it goes" lxc destroy -n r
}

# What is written is there the next time; the second start is that of storage that was used.
op_start()
{
	ok "$who, $1: start" lxc start -n "$1" || return
	ok "$who, $1: root owns /" inside "$1" '[ "$(stat -c %u:%g:%a /)" = 0:0:755 ]'
	ok "$who, $1: write" inside "$1" 'echo kept >/etc/kept && rm /etc/passwd && mkdir /a && mv /a /b'
	nothing_of_host "$1"
	ok "$who, $1: stop" lxc stop -k -n "$1"
	ok "$who, $1: start again" lxc start -n "$1" || return
	is "$who, $1: what was written stayed" "$(inside "$1" 'cat /etc/kept; ls -d /b; ls /etc/passwd 2>&1')" \
		"$(printf 'kept\n/b\nls: /etc/passwd: No such file or directory')"
	ok "$who, $1: stop again" lxc stop -k -n "$1"
	wait_for 10 no_device || true
	ok "$who, $1: no loop device is left" no_device
}

# The container is mounted in its own mount namespace alone.
nothing_of_host()
{
	not_ok "$who, $1: the host has no mount of it" grep -q "$LXCPATH/$1" /proc/self/mounts
}

op_destroy()
{
	ok "$who, $1: destroy" lxc destroy -n "$1"
	nothing_left "$1"
}

devices()
{
	losetup -a 2>/dev/null | grep "$TMP" | grep -v "$TMP/btrfs.img\|$TMP/volumes/"
}

no_device()
{
	[ -z "$(devices)" ]
}

nothing_left()
{
	wait_for 10 no_device
	is "$who, $1: no loop device is left" "$(devices)" ""
	not_ok "$who, $1: nothing is mounted" grep -q "$LXCPATH/$1" /proc/self/mounts
	is "$who, $1: no directory is left" "$(ls -A "$LXCPATH")" ""
	[ "$who-$HAS_LVM" != root-1 ] || is "$who, $1: no volume is left" "$(count_volumes)" 0
}

is_possible()
{
	case $1-$who in
	btrfs-*) [ -n "$HAS_BTRFS" ] ;;
	loop-root) [ -n "$HAS_LOOP" ] && has mkfs.ext4 ;;
	lvm-root | thin-root) [ -n "$HAS_LVM" ] && has mkfs.ext4 ;;
	dir-* | overlay-*) ;;
	*) false ;;
	esac
}

try_backend()
{
	kind=user
	[ "$who" != root ] || kind=root
	[ "$1" != btrfs ] || LXCPATH=$TMP/btrfs/$who
	row=$(echo "$matrix" | sed -n "s/^$1 *$kind *//p")
	if [ "$1-$who" = thin-user ]; then
		return
	elif [ -z "$row" ]; then
		like "$who, $1: is refused" "$(create -n c -B "$1" 2>&1)" "$(why_not "$1" $kind)"
	elif ! is_possible "$1"; then
		[ "${RLXC_MUST_RUN:-0}" != 1 ] || [ "$(id -u)" -ne 0 ] || skip "$1 cannot be had here"
		echo "# $who, $1: left out, it cannot be had here"
		return
	else
		for operation in $operations; do
			case " $row " in
			*" $operation "*) "op_$operation" "$1" ;;
			*) "no_$operation" "$1" ;;
			esac
		done
	fi
	is "$who, $1: nothing is left" "$(ls -A "$LXCPATH")" ""
}

no_clone()
{
	like "$who, $1: copy -s is refused" "$(lxc copy -n "$1" -N k -s 2>&1)" "$(why_not "$1" clone)"
	not_ok "$who, $1: nothing is made" test -e "$LXCPATH/k"
}

try_matrix()
{
	for backend in $backends; do
		(
			try_backend "$backend"
			echo "$test_count $test_failed" >"$TMP/.count"
		)
		read -r test_count test_failed <"$TMP/.count"
	done
}

# ---- overlays ----

configuration()
{
	grep -v '^lxc.rootfs' "$LXCPATH/base/config" >"$TMP/.config"
	printf '%s\n' "$@" >>"$TMP/.config"
	cat "$TMP/.config"
}

# What a start of the base container says, with these lines in its configuration.
start_with()
{
	configuration "$@" >"$TMP/over.conf"
	chmod 644 "$TMP/over.conf"
	lxc start -n over -f "$TMP/over.conf" 2>&1
}

try_overlays()
{
	o=$LXCPATH/o
	# 0700: the container's root cannot come this way
	as_caller mkdir "$o" "$o/home" "$o/one" "$o/two" "$o/closed" "$o/over" && as_caller chmod 700 "$o"
	ok "$who: a base" create -n base
	as_caller sh -c "echo one >'$o/one/first'; echo two >'$o/two/first'; echo two >'$o/two/second'"
	as_caller chmod 755 "$o/one" "$o/two"
	as_caller chmod 000 "$o/closed"
	base=$LXCPATH/base/rootfs

	is "$who: several lowers" "$(start_with "lxc.rootfs.path = overlay:$o/one:$o/two:$base:$o/over/delta")" ""
	is "$who: the first is on top" "$(inside over 'cat /first /second')" "$(printf 'one\ntwo')"
	is "$who: upper and work are there" "$(ls "$o/over")" "$(printf 'delta\nwork')"
	is "$who: upper is 0755" "$(stat -c %a "$o/over/delta")" 755
	is "$who: the notes are of the right kind" "$(inside over 'grep -c "^[^ ]* / overlay .*userxattr" /proc/self/mounts')" \
		"$([ "$who" = root ] && echo 0 || echo 1)"
	ok "$who: a directory made anew is opaque" inside over 'rm -r /bin && mkdir /bin && [ -z "$(ls /bin)" ]'
	ok "$who: stop" lxc stop -k -n over
	is "$who: the lowers stay" "$(cat "$o/two/first" && as_caller find "$base/bin" -name sh)" "$(printf 'two\n%s' "$base/bin/sh")"

	many=
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		as_caller mkdir "$o/many$i" && as_caller touch "$o/many$i/of$i"
		many=$many$o/many$i:
	done
	said=$(start_with "lxc.rootfs.path = overlay:$many$base:$o/m/delta")
	case $said in
	"")
		is "$who: twenty lowers" "$(inside over 'ls -d /of* | wc -l')" 20
		lxc stop -k -n over
		;;
	*) like "$who: twenty lowers need Linux 6.5" "$(uname -r) $said" "[1-6].*" ;;
	esac

	is "$who: options are handed on" "$(start_with "lxc.rootfs.path = overlay:$base:$o/v/delta" \
		'lxc.rootfs.options = nosuid,volatile')" ""
	like "$who: both kinds" "$(inside over 'grep "^[^ ]* / overlay" /proc/self/mounts')" "*nosuid*volatile*"
	lxc stop -k -n over
	is "$who: volatile once more" "$(start_with "lxc.rootfs.path = overlay:$base:$o/v/delta" \
		'lxc.rootfs.options = volatile')" ""
	lxc stop -k -n over
	like "$who: not volatile after that" "$(start_with "lxc.rootfs.path = overlay:$base:$o/v/delta")" \
		"*mounted with the option 'volatile'*hint: *rm -rf '$o/v/work/work'*"
	like "$who: an option that overlay has not" "$(start_with "lxc.rootfs.path = overlayfs:$base:$o/w/delta" \
		'lxc.rootfs.options = floppy=1')" "*cannot make an overlay over '$o/w/delta': overlay: Unknown parameter 'floppy'*"
	like "$who: an option cannot say what is mounted" "$(start_with "lxc.rootfs.path = overlay:$base:$o/w/delta" \
		"lxc.rootfs.options = upperdir=$o/one")" \
		"*lxc.rootfs.options: 'upperdir=$o/one' is not for options to say*hint: lxc.rootfs.path*"
	configuration "lxc.rootfs.path = lvm:/dev/vg0" >"$TMP/over.conf"
	like "$who: a dry run knows the backends" "$(lxc start --dry-run -n over -f "$TMP/over.conf" 2>&1)" \
		"*'lvm:/dev/vg0' is not a logical volume*hint: check lxc.rootfs.path*"
	configuration "lxc.rootfs.path = loop:$TMP/no" >"$TMP/over.conf"
	[ "$who" = root ] || like "$who: and who may have them" \
		"$(lxc start --dry-run -n over -f "$TMP/over.conf" 2>&1)" "*only root of the host*'loop'*"
	like "$who: an option that a directory has not" \
		"$(start_with "lxc.rootfs.path = dir:$base" 'lxc.rootfs.options = nosiud')" \
		"*warning: lxc.rootfs.options: 'nosiud' has no effect*"
	lxc stop -k -n over
	[ "$who" = root ] || like "$who: an option that a user cannot change" \
		"$(start_with "lxc.rootfs.path = dir:$base" 'lxc.rootfs.options = strictatime,noatime')" \
		"*cannot apply lxc.rootfs.options: Operation not permitted*hint: *times of access*"
	like "$who: a lower that is missing" "$(start_with "lxc.rootfs.path = overlay:$base:$o/no:$o/x/delta")" \
		"*cannot open directory '$o/no' of the overlay: No such file*hint: *removed or renamed*"
	ok "$who: nothing is made for it" test ! -e "$o/x"
	[ "$who" = root ] || like "$who: a lower that cannot be read" \
		"$(start_with "lxc.rootfs.path = overlay:$base:$o/closed:$o/y/delta")" \
		"*the container's root cannot read '$o/closed': Permission denied*hint: *"
	like "$who: a file as upper" "$(start_with "lxc.rootfs.path = overlay:$base:$o/one/first")" "*'$o/one/first'*"
	[ "$who" != root ] || overlay_on_overlay
	ok "$who: the base goes" lxc destroy -n base
	[ "$who" = root ] || as_caller "$RLXC" usernsexec -s -- rm -rf "$o"
	rm -rf "$o"
}

overlay_on_overlay()
{
	mkdir "$o/mnt" "$o/u" "$o/wk"
	mount -t overlay -o "lowerdir=$o/one,upperdir=$o/u,workdir=$o/wk" overlay "$o/mnt" || return
	like "$who: on an overlay" "$(start_with "lxc.rootfs.path = overlay:$base:$o/mnt/delta")" \
		"*'$o/mnt/delta': it is on a file system (overlay) that overlay cannot write to*hint: *"
	umount "$o/mnt"
}

# ---- a creation that is killed ----

# The template waits to be killed, in the middle of it all.
make_waiting_template()
{
	cat >"$TMP/waits" <<-'END'
		#!/bin/sh
		for word; do
			case $word in
			--path=*) path=${word#--path=} ;;
			--rootfs=*) rootfs=${word#--rootfs=} ;;
			esac
		done
		mkdir -p "$rootfs/etc"
		echo half >"$rootfs/etc/half"
		: >"$path/waiting"
		sleep 60
	END
	chmod 755 "$TMP/waits"
}

# start_waiting BACKEND: in the background, its pid in $TMP/$who.pid
start_waiting()
{
	# shellcheck disable=SC2046
	as_caller sh -c 'echo $$ >"$0"; exec "$@"' "$LXCPATH/.pid" "$RLXC" create -P "$LXCPATH" -n killed \
		-f "$TMP/plain.conf" -t "$TMP/waits" -B "$(backend_of "$1")" $(extra_options "$1") >"$TMP/.killed" 2>&1 &
	wait_for 20 test -s "$LXCPATH/.pid"
}

kill_it()
{
	kill -9 "$(cat "$LXCPATH/.pid")"
	wait 2>/dev/null
	rm -f "$LXCPATH/.pid"
}

# The killed creation's processes end a moment later, and then whoever looks removes it.
none_listed()
{
	[ -z "$(lxc ls -1)" ]
}

try_killed()
{
	for backend in $backends; do
		kind=user
		[ "$who" != root ] || kind=root
		echo "$matrix" | grep -Eq "^$backend +$kind create" && is_possible $backend || continue
		LXCPATH=$TMP/$who
		[ $backend != btrfs ] || LXCPATH=$TMP/btrfs/$who
		start_waiting $backend
		ok "$who, $backend: the template runs" wait_for 20 test -e "$LXCPATH/killed/waiting"
		kill_it
		ok "$who, $backend: killed, it is not there" wait_for 10 none_listed
		nothing_left "$backend"
	done
	LXCPATH=$TMP/$who
	[ -z "$HAS_LOOP$HAS_LVM" ] || try_killed_mkfs
}

# In the place of mkfs.ext4: kills who has called it.
try_killed_mkfs()
{
	[ "$who" = root ] || return 0
	mkdir -p "$TMP/deadly"
	printf '#!/bin/sh\nkill -9 $PPID\nexec sleep 1\n' >"$TMP/deadly/mkfs.ext4"
	chmod 755 "$TMP/deadly/mkfs.ext4"
	for backend in loop lvm; do
		is_possible $backend || continue
		# shellcheck disable=SC2046
		PATH=$TMP/deadly:$PATH not_ok "$who, $backend: killed while it is formatted" \
			create -n killed -B $backend $(extra_options $backend)
		is "$who, $backend: it is not there" "$(lxc ls -1)" ""
		nothing_left "$backend"
	done
}

# ---- what each caller does ----

all()
{
	if [ -n "$HAS_BTRFS" ]; then
		mkdir "$TMP/btrfs/$who"
		[ "$who" = root ] || chown "$TEST_USER:" "$TMP/btrfs/$who"
	fi
	try_matrix
	[ -z "${STORAGE_ROWS-}" ] || return 0
	try_killed
	try_overlays
	[ "$who" != root ] || only_root
}

# Root with id maps: the container's root is nobody special, the volume is mounted for it.
try_mapped()
{
	{
		printf 'lxc.idmap = u 0 300000 65536\nlxc.idmap = g 0 300000 65536\n'
		printf 'lxc.net.0.type = empty\nlxc.pty.max = 16\nlxc.mount.auto = proc sys\n'
	} >"$TMP/mapped.conf"
	for backend in overlay loop; do
		[ $backend = overlay ] || is_possible $backend || continue
		# shellcheck disable=SC2046
		ok "$who, mapped $backend: create" lxc create -n mapped -t busybox -B $backend -f "$TMP/mapped.conf" \
			$(extra_options $backend)
		ok "$who, mapped $backend: start" lxc start -n mapped
		is "$who, mapped $backend: its root may write" \
			"$(inside mapped 'echo x >/x; stat -c %u /x; sed -n "s/  */ /gp" /proc/self/uid_map')" \
			"$(printf '0\n 0 300000 65536')"
		ok "$who, mapped $backend: stop" lxc stop -k -n mapped
		ok "$who, mapped $backend: destroy" lxc destroy -n mapped
		nothing_left "mapped $backend"
	done
}

try_file_systems()
{
	[ -n "$HAS_LOOP" ] || return 0
	for type in xfs btrfs; do
		has mkfs.$type && grep -qw $type /proc/filesystems || continue
		ok "loop with $type" create -n fs -B loop --fstype $type --fssize 400M
		ok "$type: start" lxc start -n fs
		like "$type: it is one" "$(inside fs 'grep " / " /proc/self/mounts')" "/dev/loop* / $type *"
		lxc stop -k -n fs
		ok "$type: a copy" lxc copy -n fs -N fs2
		like "$type: is one, too" "$(once fs2 'grep " / " /proc/self/mounts')" "/dev/loop* / $type *"
		ok "$type: destroy" lxc destroy -n fs
		ok "$type: and the copy" lxc destroy -n fs2
	done
	like "loop: no such file system" "$(create -n fs -B loop --fstype floppy 2>&1)" \
		"*'mkfs.floppy' is not installed*"
	like "loop: too small" "$(create -n fs -B loop --fssize 1k 2>&1)" "*mkfs.ext4 failed*"
	like "loop: too small for its files" "$(create -n fs -B loop --fssize 1M 2>&1)" "*No space left*hint: *--fssize*"
	printf 'lxc.rootfs.path = %s\nlxc.uts.name = fs\n' "$TMP/over.conf" >"$TMP/fs.conf"
	like "loop: a file that is no file system" "$(lxc start -n fs -f "$TMP/fs.conf" 2>&1)" \
		"*no file system in '$TMP/over.conf' that we know*hint: ext4*"
	nothing_left loop
}

# Sizes and options, before anything is made.
try_options()
{
	for size in "" 0 x 1x 1MB M -1 99999999999G; do
		like "--fssize='$size'" "$(create -n x -B loop --fssize="$size" 2>&1)" "*takes a size*"
	done
	for option in --lvname=x --vgname=x --thinpool=x --zfsroot=x --fstype=ext4 --fssize=1G; do
		like "$option without its backend" "$(create -n x -B dir $option 2>&1)" \
			"*${option%=*} does not belong to the backend 'dir'*"
	done
	like "--dir for a volume" "$(create -n x -B loop --dir /nowhere 2>&1)" "*--dir does not belong*'loop'*"
	[ -z "$HAS_BTRFS" ] || {
		like "btrfs on another file system" "$(create -n x -B btrfs 2>&1)" \
			"*'$LXCPATH/x/rootfs' would not be on a btrfs file system*hint: *-P*"
		LXCPATH=$TMP/btrfs/root
		ok "best on btrfs" create -n x -B best
		like "is a subvolume" "$(lxc_rootfs x)" "btrfs:*"
		# A subvolume inside goes, too
		ok "a subvolume in it" btrfs subvolume create "$LXCPATH/x/rootfs/srv/inner"
		ok "destroy with it" lxc destroy -n x
		ok "btrfs and --dir" create -n x -B btrfs --dir "$TMP/btrfs/elsewhere"
		ok "destroy it" lxc destroy -n x
		ok "all of it" test ! -e "$TMP/btrfs/elsewhere"
		LXCPATH=$TMP/root
	}
	ok "best on another" create -n x -B best
	like "is a directory" "$(lxc_rootfs x)" "dir:*"
	ok "destroy" lxc destroy -n x
	nothing_left best
}

# ---- programs in the place of LVM's and ZFS's ----

# A volume is a file in $TMP/volumes and a loop device; /dev/vg0/NAME leads to it.
make_lvm()
{
	[ -n "$HAS_LOOP" ] || return 0
	mkdir "$TMP/dev"
	mount -t tmpfs -o mode=755 tmpfs "$TMP/dev" || return 0
	cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/ptmx /dev/loop* /dev/fd "$TMP/dev/" &&
		mkdir "$TMP/dev/pts" "$TMP/dev/shm" "$TMP/dev/vg0" && mount --bind /dev/pts "$TMP/dev/pts" &&
		mount --rbind "$TMP/dev" /dev || return 0
	cat >"$TMP/bin/lvm" <<-END
		#!/bin/sh
		volumes=$TMP/volumes
	END
	cat >>"$TMP/bin/lvm" <<-'END'
		command=${0##*/} column='' from='' kind=- pool=''
		echo "$command $*" >>"$volumes.log"
		for word; do last=$word; done
		name=${last#vg0/}
		# What lv_attr begins with, a tag, the pool
		show()
		{
			IFS=: read -r kind tag pool <"$volumes.$1"
			case $column in
			lv_attr) echo "  $kind" ;;
			lv_tags) echo "  $tag" ;;
			pool_lv) echo "  $pool" ;;
			esac
		}
		case $command in
		vgs) [ "$last" = vg0 ] || { echo "Volume group \"$last\" not found"; exit 5; } ;;
		lvs)
			[ $# -lt 4 ] || column=$3
			if [ "$last" = vg0/pool ]; then
				echo "  twi-aotz--"
			elif [ "$last" = vg0 ]; then
				for file in "$volumes"/*; do [ ! -e "$file" ] || show "${file##*/}"; done
			else
				[ -e "$volumes/$name" ] && show "$name"
			fi
			;;
		lvchange) [ -e "$volumes/$name" ] ;;
		lvcreate)
			while [ $# -gt 0 ]; do
				case $1 in
				-n) name=$2 ;;
				-L | -V) size=${2%b} ;;
				-s) from=${last#vg0/} ;;
				-l) kind=s ;;
				-kn) kind=V pool=pool ;;
				--thinpool) kind=V pool=${2#vg0/} ;;
				--addtag) tag=$2 ;;
				esac
				shift
			done
			[ ! -e "$volumes/$name" ] || { echo "\"$name\" already exists"; exit 5; }
			if [ -n "$from" ]; then
				cp --sparse=always "$volumes/$from" "$volumes/$name"
			else
				truncate -s "$size" "$volumes/$name"
			fi &&
				echo "$kind:$tag:$pool" >"$volumes.$name" &&
				ln -s "$(losetup -f --show "$volumes/$name")" "/dev/vg0/$name"
			;;
		lvremove) losetup -d "/dev/vg0/$name" && rm "/dev/vg0/$name" "$volumes/$name" "$volumes.$name" ;;
		esac
	END
	chmod 755 "$TMP/bin/lvm"
	for program in vgs lvs lvchange lvcreate lvremove; do
		ln -s lvm "$TMP/bin/$program"
	done
	HAS_LVM=1
}

try_lvm()
{
	[ -n "$HAS_LVM" ] || return 0
	like "lvm: no such group" "$(create -n x -B lvm --vgname no 2>&1)" \
		"*cannot use volume group 'no': vgs failed*hint: --vgname*"
	: >"$TMP/volumes.log"
	ok "lvm: a name and a thin pool" create -n x -B lvm --vgname vg0 --lvname other --thinpool pool \
		--fssize 64M
	like "lvm: which is where the volume is made" "$(grep lvcreate "$TMP/volumes.log")" \
		"lvcreate -q -Wy --yes --addtag rlxc-???????????????? --thinpool vg0/pool -V 67108864b -n other vg0"
	like "lvm: it is used" "$(create -n y -B lvm --vgname vg0 --lvname other 2>&1)" "*'vg0/other' exists already*"
	ok "lvm: and stays" test -e "$TMP/volumes/other"
	lvcreate -L 33554432b -n y vg0
	ok "lvm: what only has the name is left alone" create -n y -B lvm --vgname vg0 --fssize 32M
	is "lvm: the container has another" "$(lxc_rootfs y)" lvm:/dev/vg0/y_2
	ok "lvm: destroy it" lxc destroy -n y
	ok "lvm: not the first" test -e "$TMP/volumes/y"
	create -n y -B lvm --vgname vg0 --lvname z --fssize 32M
	sed -i 's/rlxc-[0-9a-f]*/rlxc-0000000000000000/' "$LXCPATH/y/.rlxc"
	ok "lvm: nor one that somebody else has made in between" lxc destroy -n y
	ok "lvm: it stays" test -e "$TMP/volumes/z"
	lvremove vg0/y
	lvremove vg0/z
	ok "lvm: destroy" lxc destroy -n x
	nothing_left lvm
}

# Nothing can be mounted; tests/storage/test-type-zfs.c has clones and their removal.
try_zfs()
{
	# shellcheck disable=SC2154 # top_srcdir: of lib.sh
	ln -s "$top_srcdir/tests/run/zfs-stand-in" "$TMP/bin/zfs"
	export ZFS_STATE="$TMP/datasets"
	echo tank/lxc - - >"$ZFS_STATE"
	like "zfs: no such parent" "$(create -n x -B zfs --zfsroot none 2>&1)" \
		"*cannot use dataset 'none': zfs failed*dataset does not exist*hint: --zfsroot*"
	: >"$TMP/datasets.log"
	grep -qw zfs /proc/filesystems ||
		like "zfs: what cannot be mounted" "$(create -n x -B zfs --zfsroot tank/lxc 2>&1)" \
			"*cannot mount 'tank/lxc/x' (zfs): No such device*"
	grep -qw zfs /proc/filesystems ||
		is "zfs: what it is asked, and undone" "$(sed 's/rlxc-[0-9a-f]*/TAG/' "$TMP/datasets.log")" \
			"list -H -o name tank/lxc
list -H -o name tank/lxc/x
create -o mountpoint=legacy -o rlxc:tag=TAG tank/lxc/x
list -H -o name tank/lxc/x
get -H -o value rlxc:tag tank/lxc/x
list -H -r -d 1 -t snapshot -o clones tank/lxc/x
list -H -r -d 1 -t snapshot -o name tank/lxc/x
get -H -o value origin tank/lxc/x
destroy tank/lxc/x"
	is "zfs: nothing is left" "$(cat "$TMP/datasets")" "tank/lxc - -"
	rm "$TMP/bin/zfs"
	nothing_left zfs
}

only_root()
{
	try_options
	try_file_systems
	try_mapped
	try_lvm
	try_zfs
}

# ---- this machine ----

who='' HAS_BTRFS='' HAS_LOOP='' HAS_LVM=''
mkdir "$TMP/bin" "$TMP/volumes" "$TMP/btrfs"
if [ "$(id -u)" -eq 0 ] && [ "${STORAGE_INSIDE:-$(readlink /proc/self/ns/mnt)}" != "$(readlink /proc/self/ns/mnt)" ]; then
	PATH=$TMP/bin:$PATH
	[ ! -e /dev/loop-control ] || HAS_LOOP=1
	on_exit 'umount -R "$TMP/dev" "$TMP/btrfs" 2>/dev/null
		for volume in "$TMP"/volumes/*; do losetup -j "$volume" | cut -d: -f1 | xargs -r losetup -d; done'
	if has mkfs.btrfs && grep -qw btrfs /proc/filesystems && truncate -s 300M "$TMP/btrfs.img" &&
		mkfs.btrfs -q "$TMP/btrfs.img" >/dev/null 2>&1 && mount -o loop "$TMP/btrfs.img" "$TMP/btrfs"; then
		HAS_BTRFS=1
		chmod 755 "$TMP/btrfs"
	fi
	[ -n "${STORAGE_ROWS-}" ] || make_lvm
fi
if [ -n "${STORAGE_ROWS-}" ]; then
	backends=$STORAGE_ROWS HAS_LVM=1
fi
printf 'lxc.net.0.type = empty\nlxc.pty.max = 16\n' >"$TMP/plain.conf"
chmod 644 "$TMP/plain.conf"
make_waiting_template
each_caller all root user
finish
