#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# idmap= in lxc.rootfs.options and lxc.mount.entry: trees of an ordinary user's own, and of the
# administrator's, by lxc-user-idmap installed set-user-ID; and for root without it.
. "$(dirname "$0")/lib.sh"

need_root
if [ -z "${TEST_INSIDE-}" ]; then
	unshare -m true 2>/dev/null || skip "namespaces cannot be made"
	rm -rf "$TMP"
	TEST_INSIDE=1 exec unshare -m --propagation private -- bash "$0" "$@"
fi
need_user

# The programs of the build or of the installation, beside each other.
bin=$TMP/bin
mkdir "$bin"
for dir in "$(dirname "$RLXC")/../libexec/lxc" "$(dirname "$RLXC")"; do
	for program in rlxc rlxc-init rlxc-lookup rlxc-scope rlxc-seccomp rlxc-unpack lxc-user-idmap; do
		[ ! -x "$dir/$program" ] || cp "$dir/$program" "$bin/"
	done
done
[ -x "$bin/lxc-user-idmap" ] || skip "no lxc-user-idmap beside $RLXC"
chown root: "$bin/lxc-user-idmap"
chmod 4755 "$bin/lxc-user-idmap"
RLXC=$bin/rlxc
# The administrator's files are our own.
cp -a /etc "$TMP/etc"
mount --bind "$TMP/etc" /etc
on_exit 'umount -l /etc'
on_exit '[ -z "${who-}" ] || end_containers'
policy=$(grep -aom 1 '/[A-Za-z0-9/._-]*/lxc-useridmap' "$bin/lxc-user-idmap" | head -n 1)
case $policy in
/etc/*) mkdir -p "$(dirname "$policy")" ;;
*)
	mount -t tmpfs -o mode=755 policy "$(dirname "$policy")" || skip "no directory for the policy"
	on_exit 'umount -l "$(dirname "$policy")"'
	;;
esac


own_uid=$(id -u "$TEST_USER")
own_gid=$(id -g "$TEST_USER")
first=$(sed -n "s/^$TEST_USER:\([0-9]*\):.*/\1/p" /etc/subuid | head -n 1)
first_gid=$(sed -n "s/^$TEST_USER:\([0-9]*\):.*/\1/p" /etc/subgid | head -n 1)
user_map="lxc.idmap = u 0 $first 65536
lxc.idmap = g 0 $first_gid 65536"

# config NAME LINE...: a container of the caller's
config()
{
	local dir=$LXCPATH/$1
	shift
	mkdir -p "$dir"
	printf '%s\n' 'lxc.net.0.type = empty' "$@" >"$dir/config"
	# shellcheck disable=SC2154 # each_caller sets it
	[ "$who" = root ] || chown "$TEST_USER:" "$dir"
}

owner()
{
	stat -c %u:%g "$1"
}

# plain NAME: a root file system of plain files of the caller's
plain()
{
	small_rootfs "$LXCPATH/$1/rootfs"
	[ "$who" = root ] || chown -R "$TEST_USER:" "$LXCPATH/$1"
}

# inside NAME SCRIPT: in a container that runs nothing else
inside()
{
	lxc execute -n "$1" -- /bin/sh -c "$2"
}

own_trees()
{
	local c=own src=$TMP/src-$who
	plain $c
	mkdir "$src"
	echo outside >"$src/theirs"
	chown -R "$TEST_USER:" "$src"
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $src src none bind,create=dir,idmap=container"

	is "$who: a root file system of plain files, as root sees it" \
		"$(inside $c 'busybox stat -c %u:%g / /bin/busybox /src /src/theirs' | tr '\n' ' ')" \
		"0:0 0:0 0:0 0:0 "
	ok "$who: files are made" inside $c \
		'echo x >/made && echo x >/src/made && echo x >/other && busybox chown 5:7 /other'
	is "$who: root's file is the caller's outside" "$(owner "$LXCPATH/$c/rootfs/made")" "$own_uid:$own_gid"
	is "$who: another id's is the subordinate one" "$(owner "$LXCPATH/$c/rootfs/other")" \
		"$((first + 5)):$((first_gid + 7))"
	is "$who: what was made in the shared directory too" "$(owner "$src/made")" "$own_uid:$own_gid"
	ok "$who: started, with an init" lxc start -n $c -- /bin/sh -c 'echo y >/src/started; exec sleep 1000'
	is "$who: it runs" "$(state $c)" RUNNING
	as_user sh -c "echo z >'$src/later'"
	is "$who: a file made outside meanwhile is root's inside" \
		"$(lxc attach -n $c -- busybox stat -c %u:%g /src/later)" 0:0
	not_ok "$who: nodev stays" lxc attach -n $c -- busybox mount -o remount,bind,dev /src
	lxc stop -k -n $c

	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" 'lxc.init.uid = 1000' \
		'lxc.init.gid = 100' 'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $src src none bind,create=dir,idmap=container"
	ok "$who: as a chosen user" inside $c 'echo x >/src/chosen'
	is "$who: whose file is the caller's outside" "$(owner "$src/chosen")" "$own_uid:$own_gid"
	is "$who: and the other way round" "$(inside $c 'busybox stat -c %u:%g /src/theirs')" 1000:100

	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $src src overlay lowerdir=$src,upper=tmpfs,create=dir,idmap=container"
	is "$who: the same below an overlay, which takes the changes" \
		"$(inside $c 'busybox stat -c %u:%g /src/theirs; echo mine >/src/theirs; cat /src/theirs')" "0:0
mine"
	is "$who: outside it is as it was" "$(cat "$src/theirs")" outside

	config $c "lxc.idmap = u 0 $own_uid 1" "lxc.idmap = g 0 $own_gid 1" \
		"lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" 'lxc.rootfs.options = idmap=container'
	is "$who: a container with one id" "$(inside $c 'busybox stat -c %u:%g /')" 0:0
}

refusals()
{
	local c=no said
	plain $c
	refuse()
	{
		said=$(inside $c true 2>&1)
		[ $? -ne 0 ] || said="started: $said"
		like "$who: $1" "$said" "$2"
	}
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = /usr usr2 none bind,create=dir,idmap=container"
	refuse "root's directory" "*cannot mount '/usr' with idmap=: lxc-user-idmap: no $policy*hint: as root, to publish it: echo '$TEST_USER image /usr' >>*"
	sed -i 's,/usr usr2,/etc etc2,' "$LXCPATH/$c/config"
	refuse "root's, with secrets" "*cannot mount '/etc' with idmap=*hint: published, all of '/etc' could be read*"
	mkdir "$TMP/foreign-$who"
	chown 12345 "$TMP/foreign-$who"
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $TMP/foreign-$who x none bind,create=dir,idmap=container"
	refuse "another user's" "*the directory is not yours*hint: *"
	sed -i 's/bind,create/optional,bind,create/' "$LXCPATH/$c/config"
	is "$who: optional, it is left out" "$(inside $c 'ls -d /x 2>&1; echo here' | tail -n 1)" here
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $LXCPATH/$c/config x none bind,create=file,idmap=container"
	refuse "a file" "*no directory*hint: only directories*"
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=/proc/self/ns/user'
	refuse "a namespace by its path" "*for root only*"
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' "lxc.mount.entry = dev x none bind,relative,create=dir,idmap=container"
	refuse "a path of the container" "*needs a path of the host*"
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" 'lxc.rootfs.options = idmap=container'
	chown "$first:$first_gid" "$LXCPATH/$c/rootfs"
	refuse "files that are the container's already" "*belongs to uid $first*hint: take idmap=container out*"
	chown "$TEST_USER:" "$LXCPATH/$c/rootfs"
	mkdir "$LXCPATH/$c/rootfs/mnt"
	chown "$TEST_USER:" "$LXCPATH/$c/rootfs/mnt"
	mount -t tmpfs below "$LXCPATH/$c/rootfs/mnt"
	refuse "something mounted below" "*mounted below the directory*hint: mount the parts*"
	umount "$LXCPATH/$c/rootfs/mnt"
	chmod 755 "$bin/lxc-user-idmap"
	refuse "the program not set-user-ID" "*not installed set-user-ID root*hint: the program must be root's with mode 4755*"
	chmod 4755 "$bin/lxc-user-idmap"
}

images()
{
	local c image=/etc/image-$who # nobody else may have written to a directory above it
	small_rootfs "$image"
	echo published >"$image/etc/word"
	chmod 600 "$image/etc/word"
	echo "$TEST_USER image $image" >"$policy"
	for c in i1 i2; do
		config $c "$user_map" "lxc.rootfs.path = overlay:$image:$LXCPATH/$c/delta" \
			'lxc.rootfs.options = idmap=container'
		is "$who: $c from a published image" "$(inside $c 'cat /etc/word; busybox stat -c %u:%g /etc/word')" \
			"published
0:0"
		ok "$who: $c writes" inside $c "echo $c >/etc/word"
	done
	is "$who: the image is as it was" "$(cat "$image/etc/word")" published
	is "$who: what was written is apart" "$(cat "$LXCPATH/i1/delta/etc/word" "$LXCPATH/i2/delta/etc/word")" "i1
i2"
	is "$who: nothing was copied" "$(find "$LXCPATH/i1/delta" -type f | wc -l)" 1
	config ro "$user_map" "lxc.rootfs.path = dir:$image" 'lxc.rootfs.options = idmap=container'
	not_ok "$who: without an overlay it cannot be written" inside ro 'echo x >/etc/word'
	echo "@$(id -gn "$TEST_USER") image /etc/*" >"$policy"
	ok "$who: created from it by its path" lxc create -t image -n c1 -- "$image"
	ok "$who: and by its name" lxc create -t image -n c2 -- "image-$who"
	for c in c1 c2; do
		printf 'lxc.net.0.type = empty\n' >>"$LXCPATH/$c/config"
		is "$who: $c starts" "$(inside $c 'cat /etc/word; echo own >/etc/word; cat /etc/word')" "published
own"
		ok "$who: $c is destroyed" lxc destroy -n $c
		not_ok "$who: $c is gone" test -e "$LXCPATH/$c"
	done
	is "$who: the image is as it was, still" "$(cat "$image/etc/word")" published
	like "$who: no such image" "$(lxc create -t image -n c3 -- nowhere 2>&1)" "*no tree 'nowhere' is published*hint: *"
	like "$who: no such path" "$(lxc create -t image -n c3 -- /no/where 2>&1)" "*cannot use the tree '/no/where'*"
	like "$who: no image" "$(lxc create -t image -n c3 2>&1)" "*takes the path or the name*hint: *"
	like "$who: on another backend" "$(lxc create -t image -n c3 -B dir -- "$image" 2>&1)" "*without -B*"
	not_ok "$who: nothing is left of these" test -e "$LXCPATH/c3"
	mkdir "$LXCPATH/tree" && cp -a "$image/." "$LXCPATH/tree/" && chown -R "$TEST_USER:" "$LXCPATH/tree"
	ok "$who: created from a tree of the user's own" lxc create -t image -n c4 -- "$LXCPATH/tree"
	printf 'lxc.net.0.type = empty\n' >>"$LXCPATH/c4/config"
	ok "$who: which starts" inside c4 'echo own >/etc/word && cat /etc/word'
	ok "$who: a snapshot of it" lxc copy -s -n c4 -N c5
	is "$who: has both layers" "$(inside c5 'cat /etc/word; busybox stat -c %u:%g /bin/busybox')" "own
0:0"
	is "$who: the tree is as it was" "$(cat "$LXCPATH/tree/etc/word")" published
	printf 'lxc.init.cmd = /bin/sleep 1000\nlxc.signal.halt = SIGKILL\n' >>"$LXCPATH/c4/config"
	ok "$who: a passing copy, with mounts of the user's own" lxc copy -q -n c4 -e \
		-m "bind=$TMP/src-$who:/bind:idmap,overlay=$TMP/src-$who:/over:idmap" -- \
		sh -c 'echo b >/bind/passing && echo o >/over/theirs && cat /over/passing'
	is "$who: one can be written, the other has its own" \
		"$(cat "$TMP/src-$who/passing" "$TMP/src-$who/theirs"; owner "$TMP/src-$who/passing")" "b
outside
$own_uid:$own_gid"
	rm "$policy"
}

roots()
{
	local c=priv src=$TMP/src-root
	# As all that systemd mounts
	mkdir -p "$LXCPATH/$c"
	mount --bind "$LXCPATH/$c" "$LXCPATH/$c"
	mount --make-shared "$LXCPATH/$c"
	on_exit "umount -l '$LXCPATH/$c'"
	plain $c
	mkdir "$src"
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $src src none bind,create=dir,idmap=container"
	ok "root: ids inside are those on the disk" inside $c 'echo x >/src/made; busybox chown 5:7 /src/made'
	is "root: on the disk" "$(owner "$src/made")" 5:7
	is "root: and inside" "$(inside $c 'busybox stat -c %u:%g /src/made /')" "5:7
0:0"
	is "root: nothing of it is mounted on the host" "$(grep " $LXCPATH/$c/" /proc/self/mountinfo)" ""
	unshare -U sleep 1000 &
	holder=$!
	on_exit 'kill $holder 2>/dev/null'
	wait_for 10 grep -q sleep /proc/$holder/comm
	echo "0 $((first + 1000)) 1000" >/proc/$holder/uid_map
	echo "0 $((first_gid + 1000)) 1000" >/proc/$holder/gid_map
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $src src none bind,create=dir,idmap=/proc/$holder/ns/user"
	is "root: with the map of a namespace" "$(inside $c 'busybox stat -c %u:%g /src/made')" 1005:1007
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $src src none bind,create=dir,idmap=/etc/passwd"
	like "root: a file that is no namespace" "$(inside $c true 2>&1)" "*'idmap=/etc/passwd': '/etc/passwd' is not a namespace*"
	config $c "$user_map" "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" \
		'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = /proc p none rbind,create=dir,idmap=container"
	like "root: a file system that has no maps" "$(inside $c true 2>&1)" "*cannot mount '/proc' with idmap=*hint: ext4*"
	config $c "lxc.rootfs.path = dir:$LXCPATH/$c/rootfs" 'lxc.rootfs.options = idmap=container' \
		"lxc.mount.entry = $src src none bind,create=dir,idmap=container"
	small_rootfs /etc/image-root
	ok "root: created from a tree" lxc create -t image -n c1 -- /etc/image-root
	printf 'lxc.net =\nlxc.net.0.type = empty\n' >>"$LXCPATH/c1/config"
	ok "root: which starts" inside c1 'echo own >/etc/word'
	not_ok "root: and is not written" test -e /etc/image-root/etc/word
	is "root: without a user namespace ids are the host's" "$(inside $c 'busybox stat -c %u:%g /src/made')" 5:7
}

caller()
{
	if [ "$who" = root ]; then
		roots
		return
	fi
	own_trees
	refusals
	images
}

each_caller caller
finish
