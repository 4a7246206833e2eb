#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Two ordinary users, each with ten containers from one tree that the administrator publishes: it is
# shared, in memory too, and nobody but root can change it. All of it is in namespaces of its own, with
# an /etc and a /run of its own; u1 and u2 exist there only.
#
# The tree is Debian where debian-archive has been before, else busybox.
if [ "$(id -u)" -eq 0 ] && [ -z "${IMAGES_INSIDE-}" ]; then
	IMAGES_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc \
		--propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need_root
for program in newuidmap busybox fincore; do
	need $program
done
: "${policy:=}" # from lib.sh

private_install
[ -u /run/bin/lxc-user-idmap ] || skip "no lxc-user-idmap beside rlxc"
for command in create start stop attach execute info destroy; do
	ln -s rlxc /run/bin/lxc-$command
done
PATH=/run/bin:$PATH
policy=${policy%/*}/lxc-useridmap
containers='1 2 3 4 5 6 7 8 9 10'
private_user u1 12001 'lxc.net.0.type = empty'
private_user u2 12002 'lxc.net.0.type = empty'

# A directory that everybody may write is in it, so the tree itself is closed.
tree=/etc/images/tree # nobody else can write what is above it
mkdir -p $tree
archive=$("$(dirname "$0")/debian-archive" --cache)/debian12-sysvinit.tar
if [ -s "$archive" ]; then
	tar -C $tree --numeric-owner -xf "$archive"
else
	small_rootfs $tree
	chmod 1777 $tree/tmp
	: >$tree/etc/shadow
fi
chmod 600 $tree/etc/shadow
chmod 700 $tree

# as USER COMMAND...
as()
{
	local user=$1
	shift
	TEST_USER=$user as_user timeout -k 5 60 "$@" </dev/null
}

# All that a change of the tree would show in
listing()
{
	find $tree -printf '%P %i %m %U %G %s %T@ %C@ %l\n' | sort | sha256sum
}

# pages FILE: how much of it is in memory, in bytes
pages()
{
	fincore -bnro RES "$1"
}

in_each()
{
	local user number
	for user in u1 u2; do
		for number in $containers; do
			"$@" $user c$number || return 1
		done
	done
}

create()
{
	as "$1" lxc-create -t image -n "$2" -- tree
}

start()
{
	as "$1" lxc-start -n "$2" -- /bin/sh -c 'echo ready >/ready; exec sleep 1000'
}

is_ready()
{
	wait_for 10 as "$1" lxc-attach -n "$2" -- test -s /ready
}

destroy()
{
	as "$1" lxc-stop -k -n "$2"
	as "$1" lxc-destroy -n "$2"
}

before=$(listing)

# ---- without a line nobody sees it -----------------------------------------------------------------

like "without a line it has no name" "$(as u1 lxc-create -t image -n c1 -- tree 2>&1)" "*no tree 'tree' is published*"
ok "by its path: created" as u1 lxc-create -t image -n no -- $tree
printf 'u2 image %s\n' $tree >"$policy"
like "but not started" "$(as u1 lxc-start -n no -- /bin/sh 2>&1)" \
	"*'$tree'*not published to you*hint: as root, to publish it: echo 'u1 image $tree' >> $policy"
ok "which leaves nothing that runs" test "$(as u1 lxc-info -sH -n no)" = STOPPED
as u1 lxc-destroy -n no
not_ok "nor by the path of a file" as u1 cat $tree/etc/shadow
not_ok "nor by its list" as u1 ls $tree
printf 'u%d image /etc/images/*\n' 1 2 >"$policy"

# ---- twenty containers -----------------------------------------------------------------------------

ok "ten containers for each of two users" in_each create
ok "start" in_each start
ok "and run" in_each is_ready
for user in u1 u2; do
	size=$(du -sk "$TMP/$user" | cut -f 1)
	ok "$user has $size KiB, less than 5 MiB" test "$size" -lt 5120
done
is "the tree is as it was" "$(listing)" "$before"

# ---- one copy in memory ----------------------------------------------------------------------------

large=$(find $tree -type f -printf '%s %P\n' | sort -rn | sed -n '1s/[0-9]* //p')
other=/proc/$(as u2 lxc-info -pH -n c10)/root
whole=$((($(stat -c %s "$tree/$large") + 4095) / 4096 * 4096))
dd of="$tree/$large" oflag=nocache conv=notrunc,fdatasync count=0 status=none
before=$(listing) # dd has opened it to write
is "$large is not in memory" "$(pages "$tree/$large")" 0
is "nor for u2's container" "$(pages "$other/$large")" 0
ok "u1's container reads it" as u1 lxc-attach -n c1 -- cat "/$large"
is "it is in memory" "$(pages "$tree/$large")" $whole
is "for u2's container, which has not read it" "$(pages "$other/$large")" $whole

# ---- nobody can change it --------------------------------------------------------------------------

for user in u1 u2; do
	not_ok "$user cannot make a file in it" as $user touch $tree/tmp/x
	ok "$user's container does as it likes" as $user lxc-attach -n c2 -- sh -c \
		'echo mine >/etc/shadow && chmod 4777 /bin/cat && rm -r /etc && echo x >/tmp/x && chown 5 /tmp'
	ids=$(sed -n "s/^$user:\([0-9]*\):.*/\1/p" /etc/subuid)
	printf '%s\n' "lxc.rootfs.path = dir:$tree" 'lxc.rootfs.options = idmap=container' \
		"lxc.idmap = u 0 $ids 65536" "lxc.idmap = g 0 $ids 65536" 'lxc.net.0.type = empty' >"$TMP/bare"
	as $user lxc-execute -n bare -f "$TMP/bare" \
		-- /bin/sh -c 'test -r /etc/shadow || exit 9
		for options in remount,rw remount,bind,rw remount,bind,rw,dev; do
			! mount -o $options / / 2>/dev/null || echo "remounted: $options"
		done
		mkdir /tmp/m 2>/dev/null && echo "made a directory"
		chmod 4777 /bin/cat 2>/dev/null && echo "changed a mode"
		echo x 2>/dev/null >>/etc/shadow && echo "wrote a file"
		echo done' >"$TMP/said" 2>&1
	is "$user's container of the bare tree reads it, and cannot write" "$(cat "$TMP/said")" "done"
done
is "the other container has its own" "$(as u2 lxc-attach -n c3 -- test -e /etc/shadow; echo $?)" 0
is "the tree is as it was, still" "$(listing)" "$before"

# ---- the line goes ---------------------------------------------------------------------------------

echo "u2 image $tree" >"$policy"
as u1 lxc-stop -k -n c1
not_ok "without its line u1 starts no container any more" start u1 c1
ok "u2 does" is_ready u2 c10
ok "all are destroyed" in_each destroy
is "nothing is left of them" "$(find "$TMP"/u[12]/.local/share/lxc -mindepth 1 -maxdepth 1 ! -name '.r*')" ""
is "nor mounted" "$(grep -c " $TMP/u" /proc/self/mountinfo)" 0
is "the tree is as it was, to the end" "$(listing)" "$before"
finish
