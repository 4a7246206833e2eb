#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-checkpoint: what is refused, what criu is asked to do, and how its failure is reported, with a
# program in its place. What criu itself does is tests/vm/t/checkpoint.sh.
. "$(dirname "$0")/lib.sh"
need busybox
mkdir "$TMP/bin"
PATH=$TMP/bin:$PATH
IMAGES=$TMP/images
who=

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# criu CHECK ACT: a program that notes its words; what "check" does, and what the rest does
criu()
{
	cat >"$TMP/bin/criu" <<-END
		#!/bin/sh
		if [ "\$1" = check ]; then
			$1
		fi
		printf '%s\n' "\$@" >$TMP/words
		for word; do
			case \$word in
			--log-file=*) log=\${word#*=} ;;
			esac
		done
		$2
	END
	chmod 755 "$TMP/bin/criu"
}

word()
{
	grep -Fqxe "$1" "$TMP/words"
}

usage()
{
	exits 1 "$who: no directory" lxc checkpoint -n c
	like "$who: it is named" "$(message lxc checkpoint -n c)" "*directory is missing: -D DIR*"
	for words in '-r -s' '-r -p' '-r --predump-dir x' '-d' '-F' '-r -d -F' '-s -p'; do
		# shellcheck disable=SC2086
		like "$who: $words" "$(message lxc checkpoint -n c -D "$IMAGES" $words)" "*: '--*hint: see *--help*"
	done
}

# Nobody else has what criu needs, also not as root of a user namespace.
ordinary_user()
{
	usage
	for words in '' -r; do
		# shellcheck disable=SC2086
		like "$who: one sentence${words:+ with $words}" "$(message lxc checkpoint -n c -D "$IMAGES" $words)" \
			"*'c': criu needs the capability CAP_SYS_ADMIN on the host, which user '*' does not have*hint: root *"
		# shellcheck disable=SC2086
		exits 1 "$who: and 1${words:+ with $words}" lxc checkpoint -n c -D "$IMAGES" $words
	done
	like "$who: root of a user namespace" \
		"$(message as_caller unshare -r "$RLXC" checkpoint -P "$LXCPATH" -n c -D "$IMAGES")" "*CAP_SYS_ADMIN on the host*"
	not_ok "$who: nothing was made" test -e "$IMAGES"
}

without_criu()
{
	like "root: criu is not installed" "$(PATH=/none message /usr/bin/env PATH=/none "$RLXC" checkpoint -P "$LXCPATH" -n c -D "$IMAGES")" \
		"*criu is not installed*hint: install the package criu*"
	criu 'echo "(00.1) Error (criu/vdso.c:5): Unexpected rt vDSO"; echo "Error (criu/b.c:1): more"; exit 1'
	for words in '' -r; do
		# shellcheck disable=SC2086
		like "root: it does not work here${words:+, $words}" "$(message lxc checkpoint -n c -D "$IMAGES" $words)" \
			"*criu does not work with this kernel: Unexpected rt vDSO?hint: *criu check*"
	done
}

make_container()
{
	lxc create -n c -t busybox >"$TMP/.log" 2>&1 || skip "no container: $(cat "$TMP/.log")"
	sed -i '/^lxc.net/d; /^lxc.tty/d' "$LXCPATH/c/config"
	cp "$LXCPATH/c/config" "$TMP/bare.conf"
	printf '%s\n' 'lxc.console.path = none' 'lxc.tty.max = 0' 'lxc.net.0.type = empty' >>"$LXCPATH/c/config"
	cp "$LXCPATH/c/config" "$TMP/good.conf"
}

# needs TEXT LINE...: with these lines instead
needs()
{
	local text=$1
	shift
	{
		cat "$TMP/bare.conf"
		printf '%s\n' "$@"
	} >"$LXCPATH/c/config"
	like "root: needs $text" "$(message lxc checkpoint -n c -D "$IMAGES" -r)" "*its configuration needs *$text* for a checkpoint*hint: *"
	cp "$TMP/good.conf" "$LXCPATH/c/config"
}

configuration()
{
	local console='lxc.console.path = none' ttys='lxc.tty.max = 0' net='lxc.net.0.type = empty'

	needs lxc.console.path "$ttys" "$net"
	needs lxc.tty.max 'lxc.tty.max = 1' "$console" "$net"
	needs lxc.net.0.type "$console" "$ttys" 'lxc.net.0.type = none'
	needs 'no other network' "$console" "$ttys" "$net" 'lxc.net.1.type = veth'
	needs lxc.idmap "$console" "$ttys" "$net" 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536'
	needs lxc.rootfs.options "$console" "$ttys" "$net" 'lxc.rootfs.options = ro'
}

dump()
{
	local pid
	pid=$(lxc info -n c -pH)

	ok "root: a checkpoint" lxc checkpoint -n c -D "$IMAGES/a/b" -A /bin/true
	is "root: its directory is for root alone" "$(stat -c %a "$IMAGES/a/b")" 700
	for words in dump "--tree=$pid" "--images-dir=$IMAGES/a/b" --leave-running --action-script=/bin/true -v2; do
		ok "root: criu gets $words" word "$words"
	done
	ok "root: and the name of the null device" grep -Eqx -- '--external=file\[[0-9a-f]+:[0-9a-f]+\]' "$TMP/words"
	is "root: which is noted" "--external=$(cat "$IMAGES/a/b/rlxc-null")" "$(grep -e --external= "$TMP/words")"
	ok "root: a pre-dump" lxc checkpoint -n c -D "$IMAGES/p" -p -v
	for words in pre-dump --track-mem -v4; do
		ok "root: criu gets $words" word "$words"
	done
	not_ok "root: nothing about going on" word --leave-running
	ok "root: that adds to a pre-dump" lxc checkpoint -n c -D "$IMAGES/q" --predump-dir ../p
	ok "root: criu gets it" word --prev-images-dir=../p
	criu 'exit 0' "kill -9 $pid"
	ok "root: with --stop" lxc checkpoint -n c -D "$IMAGES/s" -s
	not_ok "root: criu ends it" word --leave-running
	is "root: it has stopped" "$(state c)" STOPPED
}

# What criu does and the container does not survive
failures()
{
	local fail="echo '(00.1)   1: Error (criu/a.c:12): no such thing' >\$log; exit 1"

	criu 'exit 0' "$fail"
	like "root: a failed checkpoint" "$(message lxc checkpoint -n c -D "$IMAGES/f")" "*criu failed: no such thing?hint: see '$IMAGES/f/dump.log'*"
	is "root: the container goes on" "$(state c)" RUNNING
	like "root: a restore over it" "$(message lxc checkpoint -n c -D "$IMAGES/f" -r)" "*already*"
	ok "root: it freezes" lxc freeze -n c
	like "root: of a frozen one" "$(message lxc checkpoint -n c -D "$IMAGES/f")" "*'c' is frozen*hint: *lxc-unfreeze*"
	lxc stop -k -n c
	like "root: without images" "$(message lxc checkpoint -n c -D "$IMAGES/none" -r)" "*directory '$IMAGES/none': No such file*"
	like "root: a failed restore" "$(message lxc checkpoint -n c -D "$IMAGES/f" -r)" "*criu failed: no such thing?hint: see '$IMAGES/f/restore.log'*"
	exits 1 "root: in the foreground" lxc checkpoint -n c -D "$IMAGES/f" -r -F
	is "root: it stays stopped" "$(state c)" STOPPED
	ok "root: and starts" lxc start -n c
	rm -r "$IMAGES"
}

root()
{
	[ "$who" = root ] || return
	usage
	without_criu
	criu 'exit 0' 'exit 0'
	like "root: of nobody" "$(message lxc checkpoint -n nobody -D "$IMAGES")" "*'nobody' does not exist*"
	like "root: restored as nobody" "$(message lxc checkpoint -n nobody -D "$IMAGES" -r)" "*'nobody' does not exist*"
	make_container
	like "root: of a stopped one" "$(message lxc checkpoint -n c -D "$IMAGES")" "*'c' is not running*hint: start it*"
	configuration
	not_ok "root: nothing was made" test -e "$IMAGES"
	ok "root: it starts" lxc start -n c
	dump
	ok "root: it starts" lxc start -n c
	failures
}

each_caller root root
each_caller ordinary_user user bare
finish
