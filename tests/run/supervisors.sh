#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-start --supervised, and the services of runit and s6 that use it.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
: >"$TMP/empty"
chmod 644 "$TMP/empty"

# The services find our program, and the containers of this test.
mkdir "$TMP/bin"
printf '#!/bin/sh\ncommand=$1\nshift\nexec "%s" "$command" -P "$LXCPATH" "$@"\n' "$RLXC" >"$TMP/bin/rlxc"
chmod 755 "$TMP/bin/rlxc"

supervised()
{
	lxc start -n c --supervised "$@" </dev/null
}

# A service of that supervisor for container c
make_service()
{
	service=$LXCPATH/$1/lxc.c
	as_caller mkdir -p "$service"
	as_caller cp "${top_srcdir:?}"/etc/"$1"/* "$service"
}

# It has said that it is ready; what it says goes to the file.
is_ready()
{
	[ -s "$LXCPATH/ready" ]
}

options()
{
	exits 5 "$who: the exit code of init" supervised -- /bin/sh -c 'exit 5'
	exits 0 "$who: a halt is no failure" supervised -- /sbin/poweroff -f
	supervised -- /bin/sleep 100 &
	job=$!
	lxc wait -n c -s RUNNING -t 20
	lxc stop -n c -k
	wait $job
	is "$who: its signal" $? 137
	exits 1 "$who: a start that fails" supervised -- /no/such
	exits 1 "$who: a descriptor that is not open" lxc start -n c --supervised=9
	exits 1 "$who: no number" lxc start -n c --supervised=x
	is "$who: it did not start" "$(state c)" STOPPED
	is "$who: a reboot does not end it" "$(supervised -- /bin/sh -c '[ -e /tmp/once ] && echo second && exit 3; echo first; : >/tmp/once
		exec reboot -f' 2>&1; echo $?)" "first
second
3"
	# shellcheck disable=SC2016
	is "$who: init does not have the descriptor" "$(lxc start -n c --supervised=3 -- /bin/sh -c 'readlink /proc/$$/fd/3; echo no' \
		3>/dev/null </dev/null 2>&1)" no
}

# The scripts as they are, by a supervisor of a few lines
by_hand()
{
	make_service s6
	PATH=$TMP/bin:$PATH as_caller sh -c 'cd "$1" && exec ./run 3>"$2"' sh "$service" "$LXCPATH/ready" >"$LXCPATH/out" 2>&1 </dev/null &
	job=$!
	ok "$who: it says when it is ready" wait_for 20 is_ready
	is "$who: with one line" "$(od -An -c <"$LXCPATH/ready" | tr -d ' ')" '\n'
	is "$who: and runs then" "$(state c)" RUNNING
	make_service runit
	ok "$who: runit sees it as well" as_caller env PATH="$TMP/bin:$PATH" sh -c 'cd "$1" && exec ./check' sh "$service"
	as_caller kill -TERM "$(pgrep -f "^$RLXC start -P $LXCPATH --supervised")"
	wait $job
	is "$who: SIGTERM shuts it down" "$? $(state c) $(cat "$LXCPATH/out")" "0 STOPPED "
	not_ok "$who: which runit sees" as_caller env PATH="$TMP/bin:$PATH" sh -c 'cd "$1" && exec ./check' sh "$service"
}

by_runit()
{
	make_service runit
	PATH=$TMP/bin:$PATH as_caller runsv "$service" >"$LXCPATH/out" 2>&1 </dev/null &
	job=$!
	ok "$who: runit starts it" wait_for 20 is_state c RUNNING
	as_caller env PATH="$TMP/bin:$PATH" sv -w 20 stop "$service" >"$LXCPATH/said" 2>&1
	like "$who: sv stop" "$? $(cat "$LXCPATH/said") $(state c)" "0 ok: down:* STOPPED"
	as_caller env PATH="$TMP/bin:$PATH" sv -w 20 start "$service" >"$LXCPATH/said" 2>&1
	like "$who: sv start" "$? $(cat "$LXCPATH/said") $(state c)" "0 ok: run:* RUNNING"
	as_caller env PATH="$TMP/bin:$PATH" sv -w 20 exit "$service" >"$LXCPATH/said" 2>&1
	wait $job
	is "$who: and its end" "$(state c)" STOPPED
}

by_s6()
{
	make_service s6
	as_caller touch "$service/down"
	PATH=$TMP/bin:$PATH as_caller s6-supervise "$service" >"$LXCPATH/out" 2>&1 </dev/null &
	job=$!
	wait_for 10 as_caller s6-svok "$service"
	exits 0 "$who: s6 starts it, and knows when it is ready" as_caller s6-svc -wU -T 20000 -u "$service"
	is "$who: it runs then" "$(state c)" RUNNING
	exits 0 "$who: s6 stops it" as_caller s6-svc -wD -T 20000 -d "$service"
	is "$who: and it has stopped" "$(state c)" STOPPED
	as_caller s6-svc -x "$service"
	wait $job
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	[ "$who" = root ] || as_caller sh -c 'echo "lxc.net.0.type = empty" >>"$1/c/config"' sh "$LXCPATH"
	options
	by_hand
	! has runsv || by_runit
	! has s6-supervise || by_s6
}

each_caller checks root user
finish
