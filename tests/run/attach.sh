#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-attach: exit codes, environment, ids, namespaces, terminal, pipes, confinement.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

run()
{
	lxc attach -n c -- "$@" </dev/null
}

# with OPTION... -- COMMAND...
with()
{
	lxc attach -n c "$@" </dev/null
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# A field of /proc/PID/status, as seen from here
field()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

codes()
{
	exits 0 "$who: success" lxc attach -n c -- /bin/true
	for code in 1 3 126 200; do
		exits $code "$who: exit code $code" lxc attach -n c -- /bin/sh -c "exit $code"
	done
	exits 137 "$who: killed by SIGKILL" lxc attach -n c -- /bin/sh -c 'kill -9 $$'
	exits 139 "$who: killed by SIGSEGV" lxc attach -n c -- /bin/sh -c 'kill -SEGV $$'
	exits 127 "$who: not found" lxc attach -n c -- /no/such
	exits 127 "$who: not found in PATH" lxc attach -n c -- no-such
	like "$who: which is said" "$(message with -- no-such)" "*'no-such'*"
	exits 126 "$who: not executable" lxc attach -n c -- /etc/passwd
	exits 126 "$who: a directory" lxc attach -n c -- /etc
	exits 0 "$who: found in PATH" lxc attach -n c -- true
	exits 1 "$who: nobody" lxc attach -n nobody -- true
	exits 1 "$who: a stopped one" lxc attach -n d -- true
	like "$who: is said in one line" "$(message lxc attach -n d -- true | grep -c "'d' is not running")" 1
	exits 1 "$who: no name" lxc attach
	exits 5 "$who: name and command without an option" lxc attach c /bin/sh -- -c 'exit 5'
	exits 1 "$who: a bad -u" lxc attach -n c -u root -- true
	exits 1 "$who: a bad -a" lxc attach -n c -a z80 -- true
	exits 1 "$who: a bad -s" lxc attach -n c -s 'MOUNT|HOSTS' -- /bin/true
	exits 1 "$who: a bad -e" lxc attach -n c -eROOT -- true
	exits 1 "$who: a bad -v" lxc attach -n c -v noequals -- true
	exits 1 "$who: -c with -e" lxc attach -n c -c label -e -- true
	like "$who: -e CAP runs CAP, and says so" "$(message lxc attach -n c -e CAP)" "*'CAP' is run as a command*-eCAP*"
}

streams()
{
	is "$who: output" "$(run /bin/echo a  b)" "a b"
	is "$who: errors apart" "$(run /bin/sh -c 'echo no; echo yes >&2' 2>&1 >/dev/null)" yes
	is "$who: input" "$(echo in | lxc attach -n c -- /bin/cat)" in
	is "$who: much through pipes" "$(head -c 3000000 /dev/zero | lxc attach -n c -- /bin/cat | wc -c)" 3000000
	is "$who: as a part of a pipe" "$(printf 'b\na\n' | lxc attach -n c -- sort | tr '\n' ' ')" "a b "
	echo file >"$TMP/in"
	chmod 644 "$TMP/in"
	lxc attach -n c -- /bin/cat <"$TMP/in" >"$TMP/out"
	is "$who: files" "$(cat "$TMP/out")" file
	is "$who: no tty" "$(run /usr/bin/tty)" "not a tty"
	is "$who: no descriptor leaks" "$(run /bin/sh -c 'for fd in /proc/$$/fd/*; do readlink $fd; done' | grep -c 'socket\|ns/\|pidfd\|signal\|ptmx')" 0
	before=$(date +%s%N)
	run /bin/sh -c 'sleep 60 >/dev/null 2>&1 </dev/null & exit 7'
	is "$who: with a background process" $? 7
	ok "$who: which is not waited for" test $((($(date +%s%N) - before) / 1000000)) -lt 2000
	like "$who: and lives on" "$(run /bin/ps)" "*sleep 60*"
	run /bin/sh -c 'kill $(pidof sleep)'
	lxc attach -n c -- /bin/sh -c 'echo up; exec sleep 100' >"$TMP/out" 2>&1 </dev/null &
	job=$!
	wait_for 20 grep -q up "$TMP/out"
	kill -KILL "$(pgrep -f "^$RLXC attach -P $LXCPATH -n c" | while read -r p; do pgrep -P "$p" -f "^$RLXC attach" >/dev/null || echo "$p"; done | head -n 1)"
	wait $job
	sleep 0.1
	is "$who: it ends with whoever attached" "$(run /bin/ps | grep -c 'sleep 10[0]')" 0
	lxc stop -n c -k
	lxc start -n c
	lxc attach -n c -- /bin/sleep 100 >/dev/null 2>&1 </dev/null &
	job=$!
	sleep 0.2
	lxc stop -k -n c
	wait $job
	is "$who: the end of the container ends it" $? 137
	lxc start -n c -s lxc.environment=FROM=config
}

environment()
{
	export SECRET=s KEPT=k TERM=xterm-test
	is "$who: it is clean" "$(run /usr/bin/env | sed 's/=.*//' | sort | tr '\n' ' ')" "FROM PATH TERM container "
	is "$who: its values" "$(run /usr/bin/env | sort | tr '\n' ' ')" \
		"FROM=config PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm-test container=lxc "
	is "$who: --clear-env" "$(with --clear-env -- /usr/bin/env | grep -c SECRET)" 0
	is "$who: --keep-env" "$(with --keep-env -- /usr/bin/env | grep -E '^(SECRET|KEPT|container|FROM)=' | sort | tr '\n' ' ')" \
		"FROM=config KEPT=k SECRET=s container=lxc "
	is "$who: --keep-var" "$(with --keep-var KEPT -- /usr/bin/env | grep -E '^(SECRET|KEPT)=')" KEPT=k
	is "$who: --keep-var twice" "$(with --keep-var KEPT --keep-var SECRET -- /usr/bin/env | grep -cE '^(SECRET|KEPT)=')" 2
	is "$who: --keep-var PATH" "$(PATH=/bin:/usr/bin:/own with --keep-var PATH -- /usr/bin/env | grep ^PATH=)" PATH=/bin:/usr/bin:/own
	is "$who: --keep-var of nothing" "$(with --keep-var NOT_SET_AT_ALL -- /usr/bin/env | grep -c NOT_SET)" 0
	is "$who: -v" "$(with -v A=1 -v 'B=x=y z' -- /usr/bin/env | grep '^[AB]=' | tr '\n' ' ')" "A=1 B=x=y z "
	is "$who: -v is stronger than the configuration" "$(with -v FROM=me -- /usr/bin/env | grep ^FROM)" FROM=me
	is "$who: and than what is kept" "$(with --keep-env -v SECRET=new -- /usr/bin/env | grep ^SECRET)" SECRET=new
	as_caller sh -c 'echo lxc.environment = OTHER=file >"$1"' sh "$LXCPATH/rcfile"
	is "$who: -f, in place of the container's" "$(with -f "$LXCPATH/rcfile" -- /usr/bin/env | grep -E '^(FROM|OTHER|container)=' | sort | tr '\n' ' ')" \
		"OTHER=file container=lxc "
	exits 1 "$who: -f without a file" lxc attach -n c -f "$LXCPATH/none" -- /bin/true
	is "$who: -v PATH finds the program" "$(with -v PATH=/nowhere -- env 2>&1 >/dev/null | grep -c "'env'")" 1
	unset SECRET KEPT
	export TERM=dumb
	# as_caller changes the directory, too.
	mkdir -p "$TMP/only/here"
	is "$who: the working directory is kept" \
		"$(as_caller sh -c 'cd /etc && exec "$@"' sh "$RLXC" attach -P "$LXCPATH" c -- /bin/pwd </dev/null)" /etc
	is "$who: or is the root" \
		"$(as_caller sh -c 'cd "$1/only/here" && shift && exec "$@"' sh "$TMP" "$RLXC" attach -P "$LXCPATH" c -- /bin/pwd </dev/null)" /
}

ids()
{
	is "$who: root it is" "$(run /bin/sh -c 'echo $(id -u) $(id -g) $(id -G)')" "0 0 0"
	is "$who: -u and -g" "$(with -u 5 -g 6 -- /bin/sh -c 'echo $(id -u) $(id -g) $(id -G)')" "5 6 6"
	is "$who: -u alone" "$(with -u 5 -- /bin/sh -c 'echo $(id -u) $(id -g)')" "5 0"
	is "$who: then without capabilities" "$(with -u 5 -- /bin/grep CapEff /proc/self/status | tr -d '\t')" CapEff:0000000000000000
	if [ "$who" != root ]; then
		exits 1 "$who: one that is not mapped" lxc attach -n c -u 70000 -- /bin/true
		like "$who: is said" "$(message lxc attach -n c -u 70000 -- /bin/true)" "*70000*idmap*hint: *"
	fi
	is "$who: -a" "$(with -a i686 -- /bin/uname -m)" i686
	is "$who: -a x86_64" "$(with -a x86_64 -- /bin/uname -m)" "$(uname -m)"
}

# The program that has said "up" becomes a sleep that runs in the namespaces of $init.
find_inside()
{
	inside=
	for pid in $(pgrep -x sleep) $(pgrep -f '^sleep 100'); do
		[ "$(as_caller readlink "/proc/$pid/ns/pid")" != "$(as_caller readlink "/proc/$init/ns/pid")" ] || inside=$pid
	done
	[ -n "$inside" ]
}

confinement()
{
	init=$(lxc info -n c -pH)
	lxc attach -n c -- /bin/sh -c 'echo up; exec sleep 100' >"$TMP/out" 2>&1 </dev/null &
	job=$!
	wait_for 20 grep -q up "$TMP/out"
	ok "$who: the program is found" wait_for 20 find_inside
	for name in CapBnd CapPrm CapEff CapInh CapAmb NoNewPrivs Seccomp; do
		is "$who: $name is that of init" "$(field "$inside" $name)" "$(field "$init" $name)"
	done
	is "$who: the cgroup is that of init" "$(grep ^0: "/proc/$inside/cgroup")" "$(grep ^0: "/proc/$init/cgroup")"
	for ns in mnt pid uts ipc user net cgroup; do
		is "$who: the $ns namespace is that of init" "$(as_caller readlink "/proc/$inside/ns/$ns")" \
			"$(as_caller readlink "/proc/$init/ns/$ns")"
	done
	is "$who: the root directory is the container's" "$(run /bin/readlink /proc/1/root)" /
	is "$who: no groups" "$(field "$inside" Groups | tr -d ' ')" ""
	kill "$inside"
	wait $job
	is "$who: killed from outside" $? 143

	lxc stop -k -n c
	lxc start -n c -s lxc.no_new_privs=1 -s 'lxc.cap.drop=sys_chroot' -s lxc.arch=i686
	is "$who: no_new_privs" "$(run /bin/grep NoNewPrivs /proc/self/status | tr -d '\t')" NoNewPrivs:1
	not_ok "$who: a dropped capability" lxc attach -n c -- chroot / /bin/true
	is "$who: lxc.arch" "$(run /bin/uname -m)" i686
	is "$who: -a is stronger" "$(with -a linux64 -- /bin/uname -m)" "$(uname -m)"
	ok "$who: -eCAP" lxc attach -n c -eCAP -- chroot / /bin/true
	ok "$who: -e" lxc attach -n c -e -- chroot / /bin/true
	not_ok "$who: -eCGROUP is another one" lxc attach -n c -eCGROUP -- chroot / /bin/true
	ok "$who: two of them" lxc attach -n c '-eCAP|CGROUP' -- chroot / /bin/true
	lxc stop -k -n c
	lxc start -n c
	if has_cgroup; then
		like "$who: -eCGROUP stays outside" "$(with -eCGROUP -- /bin/cat /proc/self/cgroup | grep ^0:)" "0::/..*"
		is "$who: otherwise it is the root of what it sees" "$(run /bin/cat /proc/self/cgroup | grep ^0:)" 0::/
	fi
}

namespaces()
{
	init=$(lxc info -n c -pH)
	# Programs of the host run in the host's mount namespace, so they are named in full.
	if [ "$who" = root ]; then
		some='NETWORK|UTSNAME'
		is "$who: -s enters what is named" "$(with -s "$some" -- "$(command -v readlink)" /proc/self/ns/net /proc/self/ns/uts | tr '\n' ' ')" \
			"$(readlink "/proc/$init/ns/net" "/proc/$init/ns/uts" | tr '\n' ' ')"
		is "$who: and nothing else" "$(with -s "$some" -- "$(command -v readlink)" /proc/self/ns/mnt /proc/self/ns/pid | tr '\n' ' ')" \
			"$(readlink /proc/self/ns/mnt /proc/self/ns/pid | tr '\n' ' ')"
		is "$who: in lower case" "$(with -s 'net|uts' -- "$(command -v hostname)")" c
		is "$who: PID alone" "$(with -s PID -- "$(command -v readlink)" /proc/self/ns/pid)" "$(readlink "/proc/$init/ns/pid")"
		is "$who: with -R /proc is that of the pid namespace" "$(with -s 'PID' -R -- "$(command -v cat)" /proc/1/comm)" init
		is "$who: without, it is not" "$(with -s 'PID' -- "$(command -v cat)" /proc/1/comm)" "$(cat /proc/1/comm)"
		is "$who: -R leaves the host's alone" "$(cat /proc/1/comm)" "$(with -s UTSNAME -- "$(command -v cat)" /proc/1/comm)"
	else
		is "$who: -s enters what is named" "$(with -s 'USER|NETWORK' -- "$(command -v readlink)" /proc/self/ns/net)" \
			"$(as_caller readlink "/proc/$init/ns/net")"
		is "$who: and nothing else" "$(with -s 'USER|NETWORK' -- "$(command -v readlink)" /proc/self/ns/mnt)" "$(readlink /proc/self/ns/mnt)"
		exits 1 "$who: without the user namespace" lxc attach -n c -s NETWORK -- /bin/true
		is "$who: with -R /proc is that of the pid namespace" "$(with -s 'USER|PID' -R -- "$(command -v cat)" /proc/1/comm)" init
	fi
	is "$who: MOUNT shows the container's files" "$(with -s 'USER|MOUNT|PID' -- /bin/cat /etc/hostname)" c
	like "$who: -R with MOUNT is pointless" "$(message with -R -- /bin/true)" "*no effect*"
}

terminal()
{
	t="$RLXC attach -P $LXCPATH -n c"
	# shellcheck disable=SC2086
	{
		out=$(on_terminal size=31x71 'expect=# ' 'send=stty size\r' 'expect=31 71' 'send=tty\r' 'expect=/dev/' 'size=21x61' \
			'send=stty size\r' 'expect=21 61' 'send=sleep 50\r' 'sleep=0.3' 'send=\x03' 'send=echo code=$?\r' 'expect=code=130' \
			'send=sh -c "echo go|tr o 1; exec sleep 60"\r' 'expect=g1' 'send=\x1a' 'expect=Stopped' 'send=bg\r' 'expect=sleep 60' 'send=jobs\r' 'expect=Running' \
			'send=kill %1; wait; exit 9\r' -- $t)
		is "$who: a shell on a terminal" $? 9
		is "$who: without complaints" "$(printf '%s' "$out" | grep -c 'job control\|cannot access')" 0
		out=$(on_terminal 'expect=up' 'sleep=0.2' 'send=\x03' -- $t -- /bin/sh -c 'echo up; exec sleep 100')
		is "$who: Ctrl-C" $? 130
		out=$(on_terminal 'expect=up' 'sleep=0.2' 'send=\x1c' -- $t -- /bin/sh -c 'ulimit -c 0; echo up; exec sleep 100')
		is "$who: Ctrl-\\" $? 131
		out=$(on_terminal -- $t -- /bin/sh -c 'echo last words; exit 4')
		is "$who: nothing is lost at the end" "$? $(printf '%s' "$out" | grep -c 'last words')" "4 1"
		out=$(on_terminal 'expect=up' hangup -- $t -- /bin/sh -c 'echo up; exec sleep 123')
		sleep 0.2
		is "$who: a lost terminal ends it" "$(run /bin/ps | grep -c 'sleep 12[3]')" 0
		out=$(on_terminal 'expect=up' 'kill=TERM' -- $t -- /bin/sh -c 'echo up; exec sleep 124')
		is "$who: SIGTERM leaves the terminal as it was" $? 143
		out=$(on_terminal -- sh -c "$t -- /bin/sh -c 'echo stolen >/dev/tty' </dev/null >/dev/null 2>&1; echo code=\$?")
		like "$who: without a terminal the caller's is out of reach" "$out" "code=1*"
		out=$(on_terminal -- sh -c "$t -- /bin/cat /etc/hostname | cat")
		is "$who: output in a pipe" "$out" c
		out=$(on_terminal -- sh -c "echo x | $t -- /usr/bin/wc -l")
		is "$who: input from a pipe" "$out" 1
		out=$(on_terminal -- sh -c "echo \$($t -- /bin/sh -c 'echo a; tty') end")
		like "$who: in a substitution" "$out" "a /dev/*end*"
		as_caller rm -f "$LXCPATH/ptylog"
		out=$(on_terminal 'expect=# ' 'send=echo lo''gged\r' 'expect=^logged' 'send=exit\r' -- $t -L "$LXCPATH/ptylog" -- /bin/sh)
		like "$who: -L" "$(cat "$LXCPATH/ptylog")" "*logged*"
		is "$who: its mode" "$(stat -c %a "$LXCPATH/ptylog")" 640
		out=$(on_terminal -- $t -L "$LXCPATH/ptylog" -- /bin/echo more)
		is "$who: is appended to" "$(grep -c '^logged\|^more' "$LXCPATH/ptylog")" 2
		out=$(on_terminal -- $t -L "$TMP/no/log" -- /bin/echo more)
		is "$who: -L in nowhere" $? 1
		out=$(on_terminal 'expect=1000000' -- $t -- /bin/sh -c 'head -c 1000000 /dev/zero | tr "\0" x; echo; echo 1000000; cat /dev/null')
		is "$who: a lot of output" "$(printf '%s' "$out" | tr -cd x | wc -c)" 1000000
		out=$(on_terminal 'expect=@' 'send=reset\r' 'expect=@' 'send=exit 3\r' -- sh -c "PS1=@ sh -c '$t -v PS1=@ -- /bin/sh'")
		is "$who: below a shell" $? 3
	}
}

login()
{
	is "$who: --login is at home, with a login shell" "$(echo 'echo $0 $(pwd) $HOME $USER $LOGNAME $SHELL $container' |
		as_caller env HOME=/etc "$RLXC" attach -P "$LXCPATH" c --keep-env --login)" "-sh /root /root root root /bin/sh lxc"
	is "$who: of -u" "$(echo 'echo $0 $(pwd) $HOME $USER' | lxc attach -n c --login -u 1234)" "-sh / / 1234"
	exits 1 "$who: --login with a program" lxc attach -n c --login -- /bin/true
	as_caller "$RLXC" attach -P "$LXCPATH" c -- /bin/sh -c 'sed -i "s|^root:.*|root:x:0:0::/root:/bin/rsh|" /etc/passwd; printf "#!/bin/sh\necho my shell \$0\n" >/bin/rsh; chmod 755 /bin/rsh' </dev/null
	is "$who: without a command, the shell of passwd" "$(lxc attach -n c </dev/null)" "my shell /bin/rsh"
	as_caller "$RLXC" attach -P "$LXCPATH" c -- /bin/rm /bin/rsh </dev/null
	is "$who: which is not there" "$(echo 'echo sh$((1+1))' | lxc attach -n c)" sh2
	as_caller "$RLXC" attach -P "$LXCPATH" c -- /bin/rm /etc/passwd </dev/null
	is "$who: no passwd at all" "$(echo 'echo sh$((1+2))' | lxc attach -n c)" sh3
}

# A terminal that takes no more output, as after Ctrl-S
held()
{
	on_terminal 'expect=more' "mark=$LXCPATH/full" "until=$LXCPATH/gone" -- "$RLXC" attach -P "$LXCPATH" c -- \
		/bin/sh -c 'while :; do echo more more more more more more more; done' >"$TMP/held" 2>&1 &
	job=$!
	wait_for 20 test -e "$LXCPATH/full"
	ok "$who: a terminal that is held keeps no container from its end" lxc stop -k -n c
	touch "$LXCPATH/gone"
	wait $job
	is "$who: the code is there all the same" $? 137
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc create -n d -t none -f "$TMP/empty" >/dev/null 2>&1
	lxc start -n c
	codes
	streams
	environment
	lxc stop -k -n c
	lxc start -n c
	ids
	confinement
	namespaces
	terminal
	login
	held
}

each_caller checks root user bare other
finish
