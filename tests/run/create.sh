#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-create: what is made, what is refused, and that a failure leaves nothing behind.
. "$(dirname "$0")/lib.sh"

[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
mkdir "$TMP/home" "$TMP/templates" "$TMP/out"

# run COMMAND...: as the user whose turn it is, with a home of its own
run()
{
	"$who" env HOME="$TMP/home" "$@"
}

as_root()
{
	"$@"
}

create()
{
	run "$RLXC" create -P "$LXCPATH" "$@"
}

message()
{
	create "$@" 2>&1 >/dev/null </dev/null
}

# What is in the store besides the containers named
rest()
{
	(cd "$LXCPATH" && ls -A) | grep -vxF "$(printf '%s\n' "$@")" | tr '\n' ' '
}

template()
{
	cat >"$TMP/templates/$1"
	chmod 755 "$TMP/templates/$1"
}

template args <<'EOF'
#!/bin/sh
printf '%s\n' "$@" >"$(dirname "$0")/../out/args"
for a; do case $a in --rootfs=*) root=${a#*=} ;; --path=*) path=${a#*=} ;; esac; done
mkdir "$root/etc" && echo made >"$root/etc/made" && chown 5:6 "$root/etc/made" || exit 1
umask >"$root/etc/umask"
echo "lxc.environment = FROM=template" >>"$path/config"
echo to-stdout
echo to-stderr >&2
EOF
template replaces <<'EOF'
#!/bin/sh
for a; do case $a in --path=*) path=${a#*=} ;; esac; done
sed 's/^lxc.uts.name.*/lxc.uts.name = other/' "$path/config" >"$path/new" && mv "$path/new" "$path/config"
EOF
template fails <<'EOF'
#!/bin/sh
for a; do case $a in --rootfs=*) root=${a#*=} ;; esac; done
mkdir -p "$root/a/b/c"; chmod 0 "$root/a"
exit 7
EOF
template bad-config <<'EOF'
#!/bin/sh
for a; do case $a in --path=*) path=${a#*=} ;; esac; done
echo "lxc.no.such.key = 1" >>"$path/config"
EOF
template link-config <<'EOF'
#!/bin/sh
for a; do case $a in --path=*) path=${a#*=} ;; esac; done
ln -sf /etc/passwd "$path/config"
EOF
template sleeps <<'EOF'
#!/bin/sh
for a; do case $a in --rootfs=*) root=${a#*=} ;; esac; done
mkdir "$root/deep"
sleep 60 &
echo $$ $! >"$(dirname "$0")/../out/pids"
wait
sleep 60
EOF
template stubborn <<'EOF'
#!/bin/sh
trap '' TERM INT
echo $$ >"$(dirname "$0")/../out/pids"
while :; do sleep 1; done
EOF
printf 'not an elf program\n' >"$TMP/not-elf"
chmod 755 "$TMP/not-elf"
printf 'lxc.tty.max = 7\nlxc.uts.name = old\nlxc.rootfs.path = dir:/old\n' >"$TMP/initial"
printf 'lxc.no.such.key = 7\n' >"$TMP/broken"
chmod 644 "$TMP/initial" "$TMP/broken"
dynamic=$(command -v ls)

# The creation that runs in this store: the process of that name without another one above it.
creation()
{
	for pid in $(pgrep -f "^$RLXC create -P $LXCPATH"); do
		parent=$(awk '/^PPid:/ {print $2}' "/proc/$pid/status")
		tr '\0' ' ' <"/proc/$parent/cmdline" | grep -q "^$RLXC create" || echo "$pid"
	done
}

# Starts a creation, sends it the signal $1 once its template runs, and waits for its end.
interrupted()
{
	signal=$1
	shift
	rm -f "$TMP/out/pids"
	create "$@" >/dev/null 2>&1 </dev/null &
	job=$!
	wait_for 10 test -s "$TMP/out/pids" || signal=KILL
	# shellcheck disable=SC2046
	kill -"$signal" $(creation)
	! wait $job && [ -s "$TMP/out/pids" ]
}

none_left()
{
	read -r pids <"$TMP/out/pids"
	for pid in $pids; do
		kill -0 "$pid" 2>/dev/null && return 1
	done
	return 0
}

checks()
{
	ok "$who: busybox" create -n bb -t busybox
	ok "$who: its configuration is there" grep -q '^lxc.uts.name = bb$' "$LXCPATH/bb/config"
	ok "$who: its rootfs is named" grep -qxF "lxc.rootfs.path = dir:$LXCPATH/bb/rootfs" "$LXCPATH/bb/config"
	is "$who: mode of the configuration" "$(stat -c %a "$LXCPATH/bb/config")" 640
	is "$who: mode of the rootfs" "$(stat -c %a "$LXCPATH/bb/rootfs")" 755
	ok "$who: init is there" test -x "$LXCPATH/bb/rootfs/bin/busybox" -a -e "$LXCPATH/bb/rootfs/sbin/init"
	is "$who: nothing is set-uid" "$(run find "$LXCPATH/bb/rootfs" -perm /6000 -print 2>/dev/null)" ""
	ok "$who: no partial is left" test ! -e "$LXCPATH/bb/partial"
	like "$who: it exists already" "$(message -n bb -t busybox)" "*'bb' exists already*"
	ok "$who: and is untouched" test -e "$LXCPATH/bb/rootfs/sbin/init"

	ok "$who: none" create -n empty -t none
	ok "$who: none makes no rootfs" test ! -e "$LXCPATH/empty/rootfs"
	ok "$who: none with a configuration" create -n given -t none -f "$TMP/initial"
	ok "$who: none keeps the rootfs of the configuration" grep -qx 'lxc.rootfs.path = dir:/old' "$LXCPATH/given/config"

	ok "$who: a program as template" create -n prog -t "$TMP/templates/args" -- one --two=3
	is "$who: its first words" "$(head -n 5 "$TMP/out/args" | tr '\n' ' ')" \
		"--path=$LXCPATH/prog --name=prog --rootfs=$LXCPATH/prog/rootfs one --two=3 "
	ok "$who: it fills the rootfs" test -s "$LXCPATH/prog/rootfs/etc/made"
	is "$who: its umask" "$(cat "$LXCPATH/prog/rootfs/etc/umask")" 0022
	ok "$who: its configuration is kept" grep -qx 'lxc.environment = FROM=template' "$LXCPATH/prog/config"
	ok "$who: the header names it" grep -qxF "# Template: $TMP/templates/args" "$LXCPATH/prog/config"
	ok "$who: and its parameters" grep -qxF "# Template parameters: one --two=3" "$LXCPATH/prog/config"
	ok "$who: a template that replaces the configuration" create -n repl -t "$TMP/templates/replaces"
	ok "$who: its version counts" grep -qx 'lxc.uts.name = other' "$LXCPATH/repl/config"
	is "$who: and belongs to the caller" "$(stat -c %u "$LXCPATH/repl/config")" "$(run id -u)"
	is "$who: output passes" "$(create -n out -t "$TMP/templates/args" 2>/dev/null)" to-stdout
	is "$who: quiet" "$(create -n quiet -q -t "$TMP/templates/args" 2>&1)" ""

	ok "$who: -f" create -n conf -t "$TMP/templates/args" -f "$TMP/initial"
	ok "$who: -f counts" grep -qx 'lxc.tty.max = 7' "$LXCPATH/conf/config"
	not_ok "$who: an older rootfs line goes" grep -q 'dir:/old' "$LXCPATH/conf/config"
	for name in bb empty given prog repl out quiet conf; do
		ok "$who: destroy $name" run "$RLXC" destroy -P "$LXCPATH" -n $name
	done
	is "$who: the store is empty again" "$(rest .rlxc-ids .run)" ""

	ok "$who: --dir" create -n far -t "$TMP/templates/args" --dir "$TMP/home/far"
	ok "$who: --dir is filled" test -s "$TMP/home/far/etc/made"
	ok "$who: destroy takes it along" run "$RLXC" destroy -P "$LXCPATH" -n far
	ok "$who: it is gone" test ! -e "$TMP/home/far"
	ok "$who: --dir in the usual place" create -n c1 -t busybox --dir "$LXCPATH/c1//rootfs/"
	ok "$who: destroy" run "$RLXC" destroy -P "$LXCPATH" -n c1
	not_ok "$who: --dir inside the container" create -n c1 -t busybox --dir "$LXCPATH/c1/other"
	not_ok "$who: --dir as the container" create -n c1 -t busybox --dir "$LXCPATH/c1"
	run mkdir "$TMP/home/near" "$TMP/home/full"
	run touch "$TMP/home/full/file"
	ok "$who: --dir with an empty directory" create -n near -t busybox --dir "$TMP/home/near"
	ok "$who: destroy" run "$RLXC" destroy -P "$LXCPATH" -n near
	is "$who: the directory stays, empty" "$(ls -A "$TMP/home/near")$(stat -c %u "$TMP/home/near")" "$(run id -u)"
	like "$who: --dir with content" "$(message -n x -t busybox --dir "$TMP/home/full")" "*not empty*"
	ok "$who: which stays" test -e "$TMP/home/full/file"
	like "$who: --dir relative" "$(message -n x -t busybox --dir rel)" "*absolute*"
	like "$who: --dir in nowhere" "$(message -n x -t busybox --dir "$TMP/home/no/dir")" "*cannot make*"
	not_ok "$who: --dir and a failing template" create -n x -t "$TMP/templates/fails" --dir "$TMP/home/gone"
	ok "$who: leaves no directory" test ! -e "$TMP/home/gone"
	not_ok "$who: the same in an empty directory" create -n x -t "$TMP/templates/fails" --dir "$TMP/home/near"
	is "$who: leaves it empty" "$(ls -A "$TMP/home/near")" ""

	like "$who: no template" "$(message -n x)" "*no template*"
	like "$who: unknown template" "$(message -n x -t no-such)" "*no template 'no-such'*busybox*"
	like "$who: a prefix of none" "$(message -n x -t n)" "*no template 'n'*"
	like "$who: a bad name" "$(message -n 'a;b' -t busybox)" "*cannot be the name*"
	like "$who: a backing store that is left out" "$(message -n x -t busybox -B rbd)" "*rbd*not supported: it needs*"
	like "$who: no such backing store" "$(message -n x -t busybox -B floppy)" "*floppy*"
	like "$who: -f is not there" "$(message -n x -t busybox -f "$TMP/no")" "*initial configuration*"
	like "$who: -f is broken" "$(message -n x -t busybox -f "$TMP/broken")" "*lxc.no.such.key*"
	like "$who: a failing template" "$(message -n x -t "$TMP/templates/fails")" "*exit status 7*"
	like "$who: a template with a bad configuration" "$(message -n x -t "$TMP/templates/bad-config")" "*lxc.no.such.key*"
	like "$who: a template with a linked configuration" "$(message -n x -t "$TMP/templates/link-config")" "*config*"
	like "$who: a dynamic busybox" "$(message -n x -t busybox -- --busybox-path "$dynamic")" "*needs libraries*busybox-static*"
	like "$who: a busybox that is none" "$(message -n x -t busybox -- --busybox-path "$TMP/not-elf")" "*not a program*"
	like "$who: a busybox that is not there" "$(message -n x -t busybox -- --busybox-path "$TMP/no")" "*cannot open*"
	like "$who: an unknown word" "$(message -n x -t busybox -- --release 5)" "*no option '--release'*"
	is "$who: failures leave nothing" "$(rest .rlxc-ids .run)" ""
	ok "$who: no store is made for nothing" test ! -e "$TMP/home/new"
	not_ok "$who: a failure in a new store" run "$RLXC" create -P "$TMP/home/new" -n x -t "$TMP/templates/fails"
	ok "$who: removes that store" test ! -e "$TMP/home/new"

	run mkdir "$LXCPATH/there"
	ok "$who: an empty directory that is there" create -n there -t busybox
	run "$RLXC" destroy -P "$LXCPATH" -n there
	run mkdir "$LXCPATH/there"
	not_ok "$who: a failure in one" create -n there -t "$TMP/templates/fails"
	is "$who: leaves it as it was" "$(ls -A "$LXCPATH/there")" ""
	run touch "$LXCPATH/there/precious"
	like "$who: a directory with content" "$(message -n there -t busybox)" "*not empty*"
	ok "$who: which is untouched" test -e "$LXCPATH/there/precious"
	run rm -r "$LXCPATH/there"

	for signal in INT TERM; do
		ok "$who: interrupted by $signal" interrupted $signal -n cut -t "$TMP/templates/sleeps"
		ok "$who: leaves no process" wait_for 5 none_left
		ok "$who: leaves nothing" test ! -e "$LXCPATH/cut"
	done
	ok "$who: a template that ignores TERM" interrupted TERM -n cut -t "$TMP/templates/stubborn"
	ok "$who: leaves no process" wait_for 5 none_left
	ok "$who: leaves nothing" test ! -e "$LXCPATH/cut"
	ok "$who: killed" interrupted KILL -n cut -t "$TMP/templates/sleeps"
	ok "$who: ends the template too" wait_for 10 none_left
	ok "$who: leaves a partial container" test -e "$LXCPATH/cut/partial"
	ok "$who: which the next creation clears away" wait_for 10 create -n cut -t busybox
	ok "$who: destroy" run "$RLXC" destroy -P "$LXCPATH" -n cut
	like "$who: help" "$(run "$RLXC" create -t busybox -h 2>&1)" "*--busybox-path*"
}

if [ "$(id -u)" -eq 0 ]; then
	who=as_root
	checks
	create -n caps -t none
	like "root: a map is not made" "$(grep -c idmap "$LXCPATH/caps/config")" 0
	"$RLXC" destroy -P "$LXCPATH" -n caps
	printf 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n' >"$TMP/mapped"
	ok "root: with a map" create -n mapped -f "$TMP/mapped" -t "$TMP/templates/args"
	is "root: the rootfs is shifted" "$(stat -c %u:%g "$LXCPATH/mapped/rootfs" "$LXCPATH/mapped/rootfs/etc/made" | tr '\n' ' ')" \
		"100000:100000 100005:100006 "
	is "root: the template is told" "$(tail -n 4 "$TMP/out/args" | tr '\n' ' ')" "--mapped-uid 65536 --mapped-gid 65536 "
	ok "root: destroy" "$RLXC" destroy -P "$LXCPATH" -n mapped
	rm -rf "${TMP:?}/home" "$TMP/out"
	mkdir "$TMP/home" "$TMP/out"
fi

if [ "$(id -u)" -ne 0 ] || getent passwd "${TEST_USER:-}" >/dev/null; then
	need_user
	chown "$TEST_USER:" "$TMP/home" "$TMP/out" 2>/dev/null
	run_dir=$(dirname "$RLXC")
	as_user test -x "$RLXC" || skip "$TEST_USER cannot run $RLXC ($run_dir)"
	who=as_user
	checks
	create -n map1 -t busybox
	first=$(awk -F'[ ]' '/^lxc.idmap = u 0/ {print $5}' "$LXCPATH/map1/config")
	is "user: the rootfs is container root's" "$(stat -c %u "$LXCPATH/map1/rootfs")" "$first"
	ok "user: busybox runs as it is" as_user "$LXCPATH/map1/rootfs/bin/busybox" true
	# A home that is closed to everybody else is no obstacle.
	chmod 700 "$TMP/home"
	ok "user: below a 0700 home" run "$RLXC" create -P "$TMP/home/lxc" -n deep -t busybox
	ok "user: destroy there" run "$RLXC" destroy -P "$TMP/home/lxc" -n deep
	ok "user: destroy" run "$RLXC" destroy -P "$LXCPATH" -n map1
	not_ok "user: the block is free again" grep -q "$LXCPATH" "$TMP/home/.local/share/lxc/.rlxc-ids"
fi
finish
