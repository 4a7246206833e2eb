#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Storage backends: each operation with each backend for each caller, as a table says; what only
# overlays have; and what a creation that was killed leaves behind, which is nothing.
#
# Run by root it has mounts of its own: a btrfs file system, and a /dev where programs that stand in
# for those of LVM make their volumes. ZFS is not to be had everywhere: a program in its place
# writes down what it is asked.
if [ "$(id -u)" -eq 0 ] && [ -z "${STORAGE_INSIDE-}" ] && unshare --mount true 2>/dev/null; then
	STORAGE_INSIDE=$(readlink /proc/self/ns/mnt) exec unshare --mount --propagation private -- bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
need timeout

# ---- the matrix ----

# BACKEND CALLER OPERATION... ; what is not in a row is refused by create, with the message of
# why_not. "bare" is a user, too.
matrix='
dir     root create start destroy
dir     user create start destroy
overlay root create start destroy
overlay user create start destroy
btrfs   root create start destroy
btrfs   user create start destroy
loop    root create start destroy
loop    user
lvm     root create start destroy
lvm     user
zfs     root
zfs     user
nbd     root
nbd     user
rbd     root
rbd     user
'
backends="dir overlay btrfs loop lvm zfs nbd rbd"

why_not()
{
	case $1-$2 in
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
	lvm) echo "lvm:/dev/vg0/$2" ;;
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
	lvm) echo "--vgname vg0 --fssize 64M" ;;
	esac
}

inside()
{
	lxc attach -n "$1" -- sh -c "$2"
}

op_create()
{
	# shellcheck disable=SC2046
	ok "$who, $1: create" create -n "$1" -B "$1" $(extra_options "$1") || return
	like "$who, $1: the configuration" "$(lxc_rootfs "$1")" "$(where "$1" "$1")"
	[ "$1" = btrfs ] || return 0
	is "$who, btrfs: is a subvolume" "$(stat -c %i "$LXCPATH/$1/rootfs")" 256
}

lxc_rootfs()
{
	sed -n 's/^lxc.rootfs.path = //p' "$LXCPATH/$1/config"
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
	[ "$who" != root ] || is "$who, $1: no volume is left" "$(ls "$TMP/volumes")" ""
}

is_possible()
{
	case $1-$who in
	btrfs-*) [ -n "$HAS_BTRFS" ] ;;
	loop-root) [ -n "$HAS_LOOP" ] && has mkfs.ext4 ;;
	lvm-root) [ -n "$HAS_LVM" ] && has mkfs.ext4 ;;
	esac
}

try_backend()
{
	kind=user
	[ "$who" != root ] || kind=root
	[ "$1" != btrfs ] || LXCPATH=$TMP/btrfs/$who
	operations=$(echo "$matrix" | awk -v b="$1" -v w=$kind '$1 == b && $2 == w { $1 = $2 = ""; print }')
	if [ -z "${operations# }" ]; then
		like "$who, $1: is refused" "$(create -n c -B "$1" 2>&1)" "$(why_not "$1" $kind)"
	elif ! is_possible "$1"; then
		[ "${RLXC_MUST_RUN:-0}" != 1 ] || [ "$(id -u)" -ne 0 ] || skip "$1 cannot be had here"
		echo "# $who, $1: left out, it cannot be had here"
		return
	else
		for operation in $operations; do
			"op_$operation" "$1"
		done
	fi
	is "$who, $1: nothing is left" "$(ls -A "$LXCPATH")" ""
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
		-f "$TMP/plain.conf" -t "$TMP/waits" -B "$1" $(extra_options "$1") >"$TMP/.killed" 2>&1 &
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
		echo "$matrix" | grep -Eq "^$backend +$kind create" && { [ $backend = dir ] || [ $backend = overlay ] ||
			is_possible $backend; } || continue
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
		ok "$type: destroy" lxc destroy -n fs
	done
	like "loop: no such file system" "$(create -n fs -B loop --fstype floppy 2>&1)" \
		"*'mkfs.floppy' is not installed*"
	like "loop: too small" "$(create -n fs -B loop --fssize 1k 2>&1)" "*mkfs.ext4 failed*"
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
		command=${0##*/}
		echo "$command $*" >>"$volumes.log"
		for word; do last=$word; done
		name=${last#vg0/}
		case $command in
		vgs) [ "$last" = vg0 ] || { echo "Volume group \"$last\" not found"; exit 5; } ;;
		lvs)
			case $last in
			vg0/pool) echo "  twi-aotz--" ;;
			*) [ -e "$volumes/$name" ] || exit 5 ;;
			esac
			;;
		lvchange) [ -e "$volumes/$name" ] ;;
		lvcreate)
			while [ $# -gt 0 ]; do
				case $1 in
				-n) name=$2 ;;
				-L | -V) size=${2%b} ;;
				esac
				shift
			done
			truncate -s "$size" "$volumes/$name" &&
				ln -s "$(losetup -f --show "$volumes/$name")" "/dev/vg0/$name"
			;;
		lvremove) losetup -d "/dev/vg0/$name" && rm "/dev/vg0/$name" "$volumes/$name" ;;
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
	is "lvm: which is where the volume is made" "$(grep lvcreate "$TMP/volumes.log")" \
		"lvcreate -q -Wy --yes --thinpool vg0/pool -V 67108864b -n other vg0"
	like "lvm: it is used" "$(create -n y -B lvm --vgname vg0 --lvname other 2>&1)" "*'vg0/other' exists already*"
	ok "lvm: and stays" test -e "$TMP/volumes/other"
	ok "lvm: destroy" lxc destroy -n x
	nothing_left lvm
}

# The dataset lxc is there, as are those that were created; nothing can be mounted.
try_zfs()
{
	cat >"$TMP/bin/zfs" <<-END
		#!/bin/sh
		state=$TMP/datasets
	END
	cat >>"$TMP/bin/zfs" <<-'END'
		echo "$*" >>"$state.log"
		for word; do last=$word; done
		case $1 in
		create) echo "$last" >>"$state" ;;
		destroy) grep -vx "$last" "$state" >"$state.new"; mv "$state.new" "$state" ;;
		get) echo - ;;
		*) grep -qx "$last" "$state" || { echo "cannot open '$last': dataset does not exist"; exit 1; } ;;
		esac
	END
	chmod 755 "$TMP/bin/zfs"
	echo tank/lxc >"$TMP/datasets"
	like "zfs: no such parent" "$(create -n x -B zfs --zfsroot none 2>&1)" \
		"*cannot use dataset 'none': zfs failed*dataset does not exist*hint: --zfsroot*"
	: >"$TMP/datasets.log"
	grep -qw zfs /proc/filesystems ||
		like "zfs: what cannot be mounted" "$(create -n x -B zfs --zfsroot tank/lxc 2>&1)" \
			"*cannot mount 'tank/lxc/x' (zfs): No such device*"
	grep -qw zfs /proc/filesystems || is "zfs: what it is asked, and undone" "$(cat "$TMP/datasets.log")" \
		"list -H -o name tank/lxc
list -H -o name tank/lxc/x
create -o mountpoint=legacy tank/lxc/x
list -H -o name tank/lxc/x
get -H -o value origin tank/lxc/x
destroy tank/lxc/x"
	is "zfs: nothing is left" "$(cat "$TMP/datasets")" tank/lxc
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
	make_lvm
fi
printf 'lxc.net.0.type = empty\nlxc.pty.max = 16\n' >"$TMP/plain.conf"
chmod 644 "$TMP/plain.conf"
make_waiting_template
each_caller all root user
finish
