#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-copy, lxc-clone and lxc-start-ephemeral: what a copy has and what it must not have, snapshots
# of snapshots, renaming, passing copies; and that a killed or failing copy leaves nothing.
. "$(dirname "$0")/lib.sh"

has busybox || skip "no busybox"
can_overlay=
[ "$(stat -f -c %T "$TMP")" = overlayfs ] || can_overlay=yes

message()
{
	lxc "$@" 2>&1 >/dev/null </dev/null
}

# As the container's root, where the files belong to subordinate ids
inside()
{
	# shellcheck disable=SC2154
	if [ "$who" = root ]; then
		"$@"
	else
		as_caller unshare --map-auto --map-root-user -- "$@"
	fi
}

key()
{
	sed -n "s/^$2 = //p" "$LXCPATH/$1/config"
}

make_source()
{
	lxc create -n a -t busybox >/dev/null
	c=$LXCPATH/a
	as_caller tee -a "$c/config" >/dev/null <<END
# a comment that stays
lxc.net.0.type = empty
lxc.mount.fstab = $c/fstab
lxc.hook.clone = $c/clone-hook
lxc.environment = PLACE=$c.not/x
END
	as_caller tee "$c/fstab" </dev/null >/dev/null
	as_caller tee "$c/clone-hook" >/dev/null <<END
#!/bin/sh
echo "\$@ \$LXC_SRC_NAME \$LXC_NAME \$(cat \$LXC_ROOTFS_MOUNT/etc/own)" >"\$LXC_ROOTFS_MOUNT/etc/seen"
END
	as_caller chmod 755 "$c/clone-hook"
	as_caller tee "$c/a.log" </dev/null >/dev/null
	inside sh -c "cd '$c/rootfs' && echo own >etc/own && echo a >etc/hostname && chown 7:8 etc/own &&
		ln etc/own etc/second && truncate -s 50M holes && chmod 4751 etc/own"
}

full_copies()
{
	ok "$who: a full copy" lxc copy -n a -N b -- word "two words"
	is "$who: its own root file system" "$(key b lxc.rootfs.path)" "dir:$LXCPATH/b/rootfs"
	is "$who: its own name" "$(key b lxc.uts.name)" b
	is "$who: inside as well" "$(inside cat "$LXCPATH/b/rootfs/etc/hostname")" b
	is "$who: paths below the source are its own" "$(key b lxc.mount.fstab)" "$LXCPATH/b/fstab"
	is "$who: others stay" "$(key b lxc.environment)" "PLACE=$LXCPATH/a.not/x"
	ok "$who: comments stay" grep -q "a comment that stays" "$LXCPATH/b/config"
	ok "$who: files beside are copied" test -x "$LXCPATH/b/clone-hook"
	not_ok "$who: logs are not" test -e "$LXCPATH/b/a.log"
	is "$who: the hook" "$(inside cat "$LXCPATH/b/rootfs/etc/seen")" \
		"b lxc clone word two words a b own"
	if [ -n "$can_overlay" ]; then
		lxc copy -n a -N h -s
		like "$who: the hook sees a snapshot" "$(inside cat "$LXCPATH/h/overlay/delta/etc/seen")" \
			"h lxc clone a h own"
		is "$who: and its name" "$(inside cat "$LXCPATH/h/overlay/delta/etc/hostname")" h
		ok "$who: it starts" lxc start -n h
		lxc stop -k -n h
		ok "$who: it goes" lxc destroy -n h
	fi
	is "$who: owner, mode and links" \
		"$(inside stat -c '%u %g %a %h' "$LXCPATH/b/rootfs/etc/own")" "7 8 4751 2"
	ok "$who: holes" test "$(inside stat -c %b "$LXCPATH/b/rootfs/holes")" -lt 100
	is "$who: the source is as it was" "$(key a lxc.uts.name) $(inside cat "$LXCPATH/a/rootfs/etc/hostname")" "a a"
	like "$who: no second one" "$(message copy -n a -N b)" "*'b' exists already*"
	ok "$who: it starts" lxc start -n b
	like "$who: a running one is not copied" "$(message copy -n b -N no)" "*'b' is running*--allowrunning*"
	ok "$who: but with -a, keeping name and address" lxc copy -n b -N c -a -K -M
	is "$who: the name" "$(key c lxc.uts.name) $(inside cat "$LXCPATH/c/rootfs/etc/hostname")" "b b"
	lxc stop -k -n b
	as_caller sh -c 'echo "lxc.net.0.hwaddr = 00:16:3e:11:22:33" >>"$1"' - "$LXCPATH/b/config"
	lxc copy -n b -N m
	lxc copy -n b -N m2 -M
	like "$who: a new hardware address" "$(key m lxc.net.0.hwaddr)" "00:16:3e:??:??:??"
	not_ok "$who: really" grep -q 00:16:3e:11:22:33 "$LXCPATH/m/config"
	is "$who: or the old one" "$(key m2 lxc.net.0.hwaddr)" 00:16:3e:11:22:33
	as_caller mkdir "$LXCPATH/other"
	ok "$who: into another directory" lxc copy -n a -N a -p "$LXCPATH/other"
	is "$who: it is there" "$(sed -n 's/^lxc.rootfs.path = //p' "$LXCPATH/other/a/config")" \
		"dir:$LXCPATH/other/a/rootfs"
	like "$who: JSON" "$(lxc copy -n a -N d --format json)" '{"name":"d","source":"a",*}'
	like "$who: no such source" "$(message copy -n no -N x)" "*'no' does not exist*"
	like "$who: a size, and no volume" "$(message copy -n a -N x -L 5)" "*--fssize does not belong to*'dir'*"
	like "$who: no name" "$(message copy -n a)" "*needs a name: -N*"
	ok "$who: the old name" as_caller "$RLXC" clone -p "$LXCPATH" a e
	is "$who: lxc-clone" "$(key e lxc.uts.name)" e
	for name in b c d e m m2; do
		ok "$who: $name goes" lxc destroy -n $name
	done
	as_caller "$RLXC" destroy -P "$LXCPATH/other" -n a
	as_caller rmdir "$LXCPATH/other"
}

# A hook that fails takes all with it.
failing_copies()
{
	as_caller tee "$LXCPATH/a/clone-hook" >/dev/null <<END
#!/bin/sh
exit 3
END
	like "$who: a hook that fails" "$(message copy -n a -N b)" "*hook*status 3*"
	not_ok "$who: nothing is left" test -e "$LXCPATH/b"
	inside sed -i '/lxc.hook.clone/d' "$LXCPATH/a/config"
}

# Its processes end a moment later, and then whoever looks removes it.
none_partial()
{
	lxc ls -1 >/dev/null
	[ ! -e "$LXCPATH/k/partial" ]
}

killed_copies()
{
	inside sh -c "cd '$LXCPATH/a/rootfs' && for i in \$(seq 300); do echo \$i >etc/file\$i; done"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		as_caller "$RLXC" copy -P "$LXCPATH" -n a -N k &
		pid=$!
		sleep "0.0$((i * 7 % 10))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
	done 2>/dev/null
	# The last one may have come to its end.
	wait_for 10 none_partial
	if [ -e "$LXCPATH/k" ]; then
		is "$who: what was not killed is whole" "$(inside ls "$LXCPATH/k/rootfs/etc" | wc -l)" \
			"$(inside ls "$LXCPATH/a/rootfs/etc" | wc -l)"
		lxc destroy -n k
	fi
	ok "$who: a killed copy is in nobody's way" lxc copy -n a -N k
	is "$who: and whole" "$(inside ls "$LXCPATH/k/rootfs/etc" | wc -l)" \
		"$(inside ls "$LXCPATH/a/rootfs/etc" | wc -l)"
	lxc destroy -n k
}

snapshots()
{
	before=a
	for i in 1 2 3 4 5 6 7 8; do
		ok "$who: snapshot $i, of $before" lxc copy -n $before -N s$i -s
		before=s$i
	done
	is "$who: all layers are listed" "$(key s8 lxc.rootfs.path | tr -cd : | wc -c)" 9
	is "$who: whom it needs" "$(cat "$LXCPATH/s2/lxc_rdepends")" "$LXCPATH
s1"
	like "$who: a source in use" "$(message destroy -n a)" "*'a' has a clone that needs it, '$LXCPATH/s1'*"
	like "$who: also one in the middle" "$(message destroy -n s4)" "*'s4' has a clone*"
	like "$who: it is not renamed" "$(message copy -n a -N x -R)" "*'a' has a clone*"
	ok "$who: the deepest starts" lxc start -n s8
	is "$who: with its own name" "$(lxc attach -n s8 -- cat /etc/hostname)" s8
	ok "$who: and writes" lxc attach -n s8 -- sh -c 'echo new >/etc/own; rm /etc/second'
	lxc stop -k -n s8
	is "$who: not into the source" "$(inside cat "$LXCPATH/a/rootfs/etc/own")" own
	ok "$who: a copy of the snapshot" lxc copy -n s8 -N t
	ok "$who: a copy as a directory" lxc copy -n s8 -N u -B dir
	is "$who: has what was written" "$(inside cat "$LXCPATH/u/rootfs/etc/own")" new
	not_ok "$who: and not what was removed" inside test -e "$LXCPATH/u/rootfs/etc/second"
	ok "$who: the copy's overlay starts" lxc start -n t
	not_ok "$who: with what was removed" lxc attach -n t -- test -e /etc/second
	lxc stop -k -n t
	ok "$who: a snapshot is renamed" lxc copy -n t -N tt -R
	ok "$who: and starts" lxc start -n tt
	lxc stop -k -n tt
	for name in tt u s8 s7 s6 s5 s4 s3 s2 s1; do
		ok "$who: $name goes" lxc destroy -n $name
	done
	not_ok "$who: nobody needs the source" test -e "$LXCPATH/a/lxc_snapshots"
}

# Below the overlay is a directory of the source's own.
own_lowers()
{
	lxc create -n o -B overlay -t busybox >/dev/null
	ok "$who: its snapshot" lxc snapshot -n o
	ok "$who: is restored here" lxc snapshot -n o -r snap0
	ok "$who: and as a new one" lxc snapshot -n o -r snap0 -N o1
	ok "$who: a full copy of it" lxc copy -n o -N o2
	ok "$who: a copy of the copy" lxc copy -n o2 -N o3
	for name in o1 o2 o3; do
		like "$who: $name needs it" "$(message destroy -n o)" "*'o' has *clone*'$LXCPATH/$name'*"
		ok "$who: $name goes" lxc destroy -n $name
	done
	is "$who: then it goes with its snapshot" "$(message destroy -s -n o)" ""
	not_ok "$who: and is gone" test -e "$LXCPATH/o"
}

# Who makes a clone of what is being removed either keeps it or has none.
clone_while_removed()
{
	as_caller tee "$LXCPATH/a/slow-hook" >/dev/null <<END
#!/bin/sh
"$RLXC" copy -P "$LXCPATH" -n g -N g2 -s 2>"$LXCPATH/a/said"
exit 0
END
	as_caller chmod 755 "$LXCPATH/a/slow-hook"
	lxc copy -n a -N g
	as_caller sh -c 'echo "lxc.hook.destroy = $2" >>"$1"' - "$LXCPATH/g/config" "$LXCPATH/a/slow-hook"
	lxc destroy -n g
	like "$who: no clone of what is being removed" "$(cat "$LXCPATH/a/said")" "*'g' is being removed*"
	as_caller rm "$LXCPATH/a/slow-hook" "$LXCPATH/a/said"
	not_ok "$who: nothing is left of it" test -e "$LXCPATH/g2"
	not_ok "$who: the source is gone" test -e "$LXCPATH/g"
}

# lxc-destroy -s: with all that depends on it, and with nothing else
destroying_clones()
{
	lxc copy -n a -N d1
	lxc copy -n d1 -N d2 -s
	lxc copy -n d1 -N d4 -s
	lxc copy -n d2 -N d3 -s
	lxc snapshot -n d2
	like "$who: clones are in the way" "$(message destroy -n d1)" "*'d1' has 2 clones*lxc-destroy -s*-n d1*"
	lxc start -n d3
	like "$who: a clone that runs" "$(message destroy -n d1 -s)" "*'d3' is running*"
	ok "$who: is kept with what it needs" lxc attach -n d3 -- true
	ok "$who: by force" lxc destroy -n d1 -f -s
	is "$who: all of them are gone" "$(lxc ls -1)" a
	lxc copy -n a -N d1
	printf '%s\n' "$LXCPATH" a | as_caller tee "$LXCPATH/d1/lxc_snapshots" >/dev/null
	lxc destroy -n d1 -s >/dev/null 2>&1
	ok "$who: a stale list is no clone's end" test -e "$LXCPATH/a/config"
	as_caller rm -f "$LXCPATH/d1/lxc_snapshots"
	lxc destroy -n d1
}

renaming()
{
	lxc copy -n a -N r
	inode=$(stat -c %i "$LXCPATH/r/rootfs")
	ok "$who: rename" lxc copy -n r -N r2 -R
	not_ok "$who: the old name is free" test -e "$LXCPATH/r"
	is "$who: the files were not copied" "$(stat -c %i "$LXCPATH/r2/rootfs")" "$inode"
	is "$who: the configuration" "$(key r2 lxc.rootfs.path) $(key r2 lxc.uts.name)" \
		"dir:$LXCPATH/r2/rootfs r2"
	is "$who: the name inside" "$(inside cat "$LXCPATH/r2/rootfs/etc/hostname")" r2
	like "$who: not over another" "$(message copy -n r2 -N a -R)" "*'a' exists already*"
	# A rename that was killed between its two steps
	as_caller cp "$LXCPATH/r2/config" "$LXCPATH/r2/.config.r3"
	inside sed -i "s,/r2/,/r3/,; s/= r2/= r3/" "$LXCPATH/r2/.config.r3"
	as_caller mv "$LXCPATH/r2" "$LXCPATH/r3"
	ok "$who: a killed one is ended by who looks next" lxc start -n r3
	is "$who: the configuration is the new one" "$(key r3 lxc.uts.name)" r3
	like "$who: a running one is not renamed" "$(message copy -n r3 -N r4 -R)" "*'r3' is running*"
	lxc stop -k -n r3
	ok "$who: it goes" lxc destroy -n r3
}

passing()
{
	# Its init would take two seconds for each end.
	as_caller sh -c 'echo "lxc.signal.halt = SIGKILL" >>"$1"' - "$LXCPATH/a/config"
	mkdir -p "$TMP/data-$who"
	echo shared >"$TMP/data-$who/file"
	chmod -R a+rX "$TMP/data-$who"
	exits 7 "$who: the exit code of the command" lxc copy -n a -e -- sh -c 'exit 7'
	is "$who: and it is gone" "$(lxc ls -1)" a
	is "$who: its output, and a mount" \
		"$(lxc copy -q -n a -e -m "bind=$TMP/data-$who:/data:ro" -- cat /data/file 2>/dev/null)" shared
	exits 1 "$who: which is read-only" lxc copy -n a -e -m "bind=$TMP/data-$who:/data:ro" -- \
		sh -c 'echo x >/data/file; exit $?'
	exits 127 "$who: no such command" lxc copy -n a -e -- /no/such
	like "$who: in the background" "$(lxc copy -n a -N p -e 2>/dev/null)" "Created p as clone of a"
	is "$who: it runs" "$(state p)" RUNNING
	lxc stop -k -n p
	ok "$who: and is gone when it has stopped" test ! -e "$LXCPATH/p"
	ok "$who: kept with -D" lxc copy -n a -N p -e -D -- true
	is "$who: it is there" "$(state p)" STOPPED
	ok "$who: destroyed" lxc destroy -n p
	like "$who: -t belongs to -e" "$(message copy -n a -N x -t)" "*-t belong to --ephemeral*"
	like "$who: what is in memory is not kept" "$(message copy -n a -e -t -D)" "*-t and -D exclude each other*"
	like "$who: aufs" "$(message copy -n a -e -m aufs=/x)" "*no aufs*overlay=/x*"
	like "$who: no kind of mount" "$(message copy -n a -e -m foo=/x)" "*'foo=/x' is not*bind= and overlay=*"
	like "$who: no option of one" "$(message copy -n a -e -m overlay=/x:/y:ro)" "*is not overlay=/SOURCE*"
	like "$who: no directory" "$(message copy -n a -e -m overlay=/no/where)" "*'/no/where'*No such file*"
	is "$who: nothing is left of these" "$(lxc ls -1)" a
}

# In memory there is nothing but what the copy is made with.
passing_in_memory()
{
	lxc copy -n a -N p -e -t >"$TMP/said" 2>&1
	like "$who: in memory" "$(cat "$TMP/said")" "Created p as clone of a
Container is placed on tmpfs.
*reboot*"
	is "$who: with its name" "$(lxc attach -n p -- cat /etc/hostname)" p
	ok "$who: it writes, removes and makes anew" lxc attach -n p -- \
		sh -c 'head -c 1000000 /dev/zero >/zeros && rm -r /srv /etc/own && mkdir /srv && test ! -e /etc/own'
	ok "$who: nothing of that is on the disk" \
		test -z "$(inside find "$LXCPATH/p" -name zeros -o -name srv)"
	lxc stop -n p -r -t 20
	ok "$who: a reboot begins anew" lxc attach -n p -- test -e /etc/own -a ! -e /zeros
	lxc stop -k -n p
	ok "$who: it goes" test ! -e "$LXCPATH/p"
}

# A directory of the host that the copy may change for itself
passing_overlays()
{
	src="$TMP/over lay-$who"
	inside mkdir "$src"
	# It belongs to an id of the container.
	inside sh -c "echo host >'$src/file'; chmod 755 '$src'; chown -R 1:1 '$src'"
	for memory in "" -t; do
		is "$who: an overlay $memory" \
			"$(lxc copy -q -n a -e $memory -m "overlay=$src:/data" -- \
				sh -c 'cat /data/file; echo mine >/data/file; echo x >/data/more; cat /data/file')" \
			"host
mine"
		is "$who: the host's is as it was" "$(cd "$src" && grep '' *)" host
	done
	lxc copy -q -n a -N k -e -D -m "overlay=$src:/data" -- sh -c 'echo kept >/data/file'
	lxc copy -n k -N k2
	lxc start -n k2
	is "$who: what is kept is copied" "$(lxc attach -n k2 -- cat /data/file)" kept
	lxc attach -n k2 -- sh -c 'echo k2 >/data/file'
	lxc stop -k -n k2
	lxc start -n k
	is "$who: and apart" "$(lxc attach -n k -- cat /data/file)" kept
	lxc stop -k -n k
	lxc destroy -n k2
	lxc destroy -n k
}

# The options that lxc-start-ephemeral had
start_ephemeral()
{
	inside sh -c "cd '$LXCPATH/a/rootfs' && echo joe:x:1000:1000::/home/joe:/bin/sh >>etc/passwd &&
		echo joe:x:1000: >>etc/group && mkdir -p home/joe"
	exits 5 "$who: the old name" lxc start-ephemeral -o a -b "$TMP/data-$who:/data" -- \
		sh -c 'test -e /data/file && exit 5'
	is "$who: as a user" "$(lxc start-ephemeral -q -o a -u joe -- \
		sh -c 'id -u; id -g; pwd; echo $HOME "$@"' - "two words" -x)" "1000
1000
/home/joe
/home/joe two words -x"
	exits 7 "$who: whose exit code it is" lxc start-ephemeral -o a -u joe -- sh -c 'exit 7'
	not_ok "$who: no such user" lxc start-ephemeral -o a -u nobody-here -- true
	is "$who: a directory, copy-on-write" "$(lxc start-ephemeral -q -o a -c "$src:/data" -- \
		sh -c 'echo x >/data/file && cat /data/file'; inside cat "$src/file")" "x
host"
	is "$who: in memory without -s" "$(lxc start-ephemeral -q -o a -n p -d && key p lxc.rootfs.options)" upper=tmpfs
	lxc stop -k -n p
	wait_for 10 test ! -e "$LXCPATH/p"
	is "$who: on the disk with -s dir" "$(lxc start-ephemeral -q -o a -n p -d -s dir -U overlayfs &&
		key p lxc.rootfs.options)" ""
	lxc stop -k -n p
	wait_for 10 test ! -e "$LXCPATH/p"
	ok "$who: kept with -k" lxc start-ephemeral -q -o a -n p -k -- touch /kept
	ok "$who: with what it wrote" inside test -e "$LXCPATH/p/overlay/delta/kept"
	lxc destroy -n p
	like "$who: aufs" "$(message start-ephemeral -o a -U aufs -- true)" "*aufs*overlayfs*"
	like "$who: no type of storage" "$(message start-ephemeral -o a -s disk -- true)" "*takes tmpfs or dir*"
	like "$who: memory is not kept" "$(message start-ephemeral -o a -s tmpfs -k -- true)" "*exclude each other*"
	like "$who: -d has no command" "$(message start-ephemeral -o a -d -- true)" "*exclude each other*"
	like "$who: -u needs one" "$(message start-ephemeral -o a -u joe)" "*need a command*"
	is "$who: nothing is left of these" "$(lxc ls -1)" a
}

# By an ssh that says how it was called, at an address that the container has
ephemeral_ssh()
{
	[ "$who" = root ] || return 0
	mkdir "$TMP/bin"
	printf '#!/bin/sh\necho "$@"\nexit 6\n' >"$TMP/bin/ssh"
	chmod 755 "$TMP/bin/ssh"
	lxc copy -n a -N net
	sed -i '/lxc.net/d' "$LXCPATH/net/config"
	printf 'lxc.net.0.type = veth\nlxc.net.0.flags = up\nlxc.net.0.ipv4.address = 192.0.2.7/24\n' \
		>>"$LXCPATH/net/config"
	is "a command by ssh" "$(PATH=$TMP/bin:$PATH lxc start-ephemeral -q -o net -u joe -S /my/key -- ls -l; echo $?)" \
		"-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i /my/key -l joe -- 192.0.2.7 ls -l
6"
	lxc destroy -n net
}

# Its monitor cannot remove it any more.
monitor_killed()
{
	for how in "ls -f" "info -n p" "stop -n p" "destroy -n p"; do
		lxc copy -q -n a -N p -e
		init=$(lxc info -n p -pH)
		kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH p$")"
		kill -9 "$init" 2>/dev/null
		wait_for 10 test ! -e /proc/"$init"
		# shellcheck disable=SC2086
		lxc $how >/dev/null 2>&1
		not_ok "$who: after its monitor was killed lxc-$how removes it" test -e "$LXCPATH/p"
	done
}

# Only what takes longer than a second is shown.
progress_shown()
{
	if [ "$who" != root ] || ! has strace || ! has python3; then
		return
	fi
	is "a quick copy says nothing" "$(on_terminal -- "$RLXC" copy -P "$LXCPATH" -n a -N q)" ""
	lxc destroy -n q
	like "a slow one says how far it is, and takes it back" "$(on_terminal -- strace -f -qq -o /dev/null \
		-e trace=clone3 -e inject=clone3:delay_enter=1300000:when=1 \
		"$RLXC" copy -P "$LXCPATH" -n a -N q)" "*copied [1-9]* files, [0-9]* MiB*$(printf '\r\033')\[K"
	lxc destroy -n q
	is "but not with -q" "$(on_terminal -- strace -f -qq -o /dev/null -e trace=clone3 \
		-e inject=clone3:delay_enter=1300000:when=1 "$RLXC" copy -P "$LXCPATH" -n a -N q -q)" ""
	lxc destroy -n q
}

# syncs COMMAND ARG...: a letter for each moment, s: files are written to the disk, C: from here on the
# change counts
syncs()
{
	strace -f -qq -o "$TMP/trace" -e trace=fsync,syncfs,unlinkat,renameat,renameat2 \
		"$RLXC" "$@" -P "$LXCPATH" >/dev/null 2>&1 </dev/null
	sed -n 's/.* \(fsync\|syncfs\)(.* = 0$/s/p; s/.* unlinkat(.*"partial", 0) *= 0$/C/p
		s/.* renameat2*(.*\("\.restored"\|RENAME_NOREPLACE\).* = 0$/C/p' "$TMP/trace" | tr -d '\n'
}

# What counts is on the disk, and that it does too.
power_cut()
{
	if [ "$who" != root ] || ! has strace; then
		return
	fi
	like "created: before it counts, and that it does" "$(syncs create -n y -t busybox)" "*sCs"
	like "copied" "$(syncs copy -n y -N z)" "*sCs"
	like "renamed" "$(syncs copy -n z -N z2 -R)" "*sCs*"
	like "a snapshot" "$(syncs snapshot -n z2)" "*sCs"
	like "restored" "$(syncs snapshot -n z2 -r snap0)" "*sC*s"
	[ -z "$can_overlay" ] || like "a clone" "$(syncs copy -n y -N c -s)" "*sCs"
	for name in c z2 y; do
		lxc destroy -s -n $name >/dev/null 2>&1
	done
	is "nothing is left of these" "$(lxc ls -1)" a
}

disk_full()
{
	if [ "$who" != root ] || ! unshare -m true 2>/dev/null; then
		return
	fi
	inside sh -c "head -c 3000000 /dev/urandom >'$LXCPATH/a/rootfs/big'"
	mkdir "$TMP/small"
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs -o size=2m tmpfs "$2" || exit 0
		"$1" copy -P "$3" -n a -N f -p "$2" 2>"$4"; echo $?; ls -A "$2"' - \
		"$RLXC" "$TMP/small" "$LXCPATH" "$TMP/full" >"$TMP/result"
	is "a full disk: an error, and nothing left" "$(cat "$TMP/result")" 1
	like "with the reason" "$(cat "$TMP/full")" "*No space left*hint: df '$TMP/small'*"
	rm -f "$LXCPATH/a/rootfs/big"
}

checks()
{
	make_source
	full_copies
	failing_copies
	renaming
	progress_shown
	power_cut
	disk_full
	killed_copies
	if [ -n "$can_overlay" ]; then
		snapshots
		own_lowers
		clone_while_removed
		destroying_clones
		passing
		passing_in_memory
		passing_overlays
		start_ephemeral
		ephemeral_ssh
		monitor_killed
	fi
	ok "$who: the source goes" lxc destroy -n a
}

each_caller checks root user
finish
