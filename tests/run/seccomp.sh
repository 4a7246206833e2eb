#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc.seccomp.*: what is denied inside, to init and to attached programs; policies and their
# mistakes; the cache of compiled ones, also a hostile one; programs that are asked.
. "$(dirname "$0")/lib.sh"
: "${top_srcdir:=}" "${who:=}" # from lib.sh
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
[ "$(uname -m)" = x86_64 ] || skip "the numbers of calls are those of x86_64"

# call NUMBER ARG...: what the kernel answers, 0 or the number of the error; paths are strings
cat >"$TMP/call.c" <<'EOF'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long a[7] = { 0 };

	for (int i = 1; i < argc && i < 8; i++)
		a[i - 1] = *argv[i] == '/' ? (long)argv[i] : strtol(argv[i], NULL, 0);
	errno = 0;
	syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	printf("%d\n", errno);
	return 0;
}
EOF
has cc || skip "no compiler for what is run inside"
cc -static -o "$TMP/call" "$TMP/call.c" 2>/dev/null || skip "no static libc"
printf '#!/bin/sh\n/call 166 0 1 >/hooked\n' >"$TMP/hook"
chmod 755 "$TMP/call" "$TMP/hook"

# The caches are the test's own.
CACHE=
cache_of()
{
	case $who in
	# Where the containers of root are, there the cache is too.
	root) CACHE=$("$RLXC" config lxc.lxcpath | sed 's,/lib/lxc$,,')/cache/rlxc/seccomp ;;
	*) CACHE=$TMP/cache-$who/rlxc/seccomp ;;
	esac
}

as_caller_cached()
{
	as_caller env XDG_CACHE_HOME="$TMP/cache-$who" "$@"
}

# rlxc COMMAND ARG...: as lxc of lib.sh, with that cache
rlxc()
{
	rlxc_command=$1
	shift
	as_caller_cached timeout -k 5 60 "$RLXC" "$rlxc_command" -P "$LXCPATH" "$@"
}

config()
{
	{
		cat "$LXCPATH/c/config.first"
		printf '%s\n' "$@"
	} >"$LXCPATH/c/config"
}

init_pid()
{
	lxc info -n c -pH
}

filters()
{
	sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$1/status"
}

inside()
{
	lxc attach -n c -- /call "$@" </dev/null 2>&1
}

# denied NAME WANT NUMBER ARG...
denied()
{
	denied_text=$1 denied_want=$2
	shift 2
	is "$who: $denied_text" "$(inside "$@")" "$denied_want"
}

start()
{
	ok "$who: it starts, $1" rlxc start -n c
}

stop()
{
	lxc stop -k -n c >/dev/null 2>&1
}

# What the configuration says is refused at the start, with that.
refused()
{
	refused_text=$1 refused_want=$2
	shift 2
	config "$@"
	like "$who: $refused_text" "$(rlxc start -n c 2>&1)" "$refused_want"
	is "$who: and nothing runs" "$(state c)" STOPPED
}

builtin_filter()
{
	config
	like "$who: the plan names it" "$(rlxc start -n c --dry-run)" '*"seccomp": "built in"*'
	start "without a word about filters"
	is "$who: init is filtered" "$(filters "$(init_pid)")" 2
	denied "kexec_load" 1 246 0 0 0 0
	denied "open_by_handle_at" 1 304 -1 0 0
	denied "TIOCSTI" 1 16 0 0x5412 0
	denied "TIOCSTI with more bits" 1 16 0 0x100005412 0
	denied "TIOCLINUX" 1 16 0 0x541c 0
	denied "another ioctl is the terminal's" 9 16 -1 0x5413 0
	denied "a forced umount" 13 166 0 1
	denied "a plain umount is the kernel's" 14 166 0 0
	denied "io_uring_setup" 1 425 0 0
	denied "a call of tomorrow" 38 470
	denied "a call of x32" 38 0x40000027
	denied "mount is the kernel's" 14 165 0 0 0 0 0
	case $who in
	root) denied "bpf is the kernel's" 7 321 0 0 9999 ;;
	*) denied "bpf" 1 321 0 0 9999 ;;
	esac
	is "$who: elevated over security modules is not filtered" \
		"$(rlxc attach -n c -eLSM -- /call 166 0 1 </dev/null)" 14
	stop
	config 'lxc.seccomp.profile = none'
	start "with none"
	is "$who: init is not filtered" "$(filters "$(init_pid)")" 0
	denied "a forced umount is the kernel's" 14 166 0 1
	stop
}

hooks()
{
	config 'lxc.hook.start = /hook'
	start "with a hook"
	is "$who: the start hook is filtered" "$(lxc attach -n c -- cat /hooked </dev/null)" 13
	stop
}

policies()
{
	printf '2\ndenylist\n[all]\nchmod errno 7\n' >"$TMP/policy"
	config "lxc.seccomp.profile = $TMP/policy"
	start "with a policy"
	denied "chmod" 7 90 0 0
	denied "a forced umount is the kernel's" 14 166 0 1
	printf '2\ndenylist\nmkdir errno 8\n' >"$TMP/policy"
	denied "a running one keeps its filter" 7 90 0 0
	stop
	start "with the policy changed"
	denied "mkdir" 8 83 0 0
	denied "chmod is the kernel's" 14 90 0 0
	stop
	# What init and an attached program need, and no more.
	config "lxc.seccomp.profile = $TMP/policy" 'lxc.cap.drop = sys_admin'
	start "without CAP_SYS_ADMIN"
	denied "mkdir" 8 83 0 0
	is "$who: which it really lacks" "$(lxc attach -n c -- /bin/sh -c \
		'echo $((0x$(sed -n "s/^CapEff:.//p" /proc/self/status) & 0x200000))' </dev/null 2>/dev/null)" 0
	stop
	config "lxc.seccomp.profile = $TMP/policy" 'lxc.no_new_privs = 1' 'lxc.seccomp.allow_nesting = 1'
	start "with no_new_privs"
	denied "mkdir" 8 83 0 0
	stop
	config 'lxc.seccomp.profile = /elsewhere/share/lxc/config/common.seccomp'
	start "with LXC's file"
	denied "kexec_load" 1 246 0 0 0 0
	stop
	refused "no such policy" "*cannot read lxc.seccomp.profile '/no/policy'*hint: *none*" \
		'lxc.seccomp.profile = /no/policy'
	printf '2\ndenylist\n\nchmod errno\n' >"$TMP/bad"
	refused "a mistake has its line" "*$TMP/bad:4: 'errno' needs a number*" "lxc.seccomp.profile = $TMP/bad"
	printf '2\ndenylist\n\0chmod\n' >"$TMP/bad"
	refused "a policy is text" "*'$TMP/bad' holds a NUL byte*" "lxc.seccomp.profile = $TMP/bad"
	printf '2\ndenylist\nchmod notify\n' >"$TMP/bad"
	refused "notify needs somebody" "*$TMP/bad:3: 'notify' needs*" "lxc.seccomp.profile = $TMP/bad"
	printf '2\ndenylist\nmknod errno 1 1,0x6000,&=,0xf000\n' >"$TMP/bad"
	refused "a comparison without brackets" "*$TMP/bad:3: unexpected behind the action: '1,0x6000*" \
		"lxc.seccomp.profile = $TMP/bad"
}

# ---- programs that are asked ----

no_monitor()
{
	! pgrep -f "$LXCPATH c$"
}

proxy_pid=
proxy()
{
	: >"$TMP/proxy.log"
	chmod 666 "$TMP/proxy.log"
	as_caller env python3 "$top_srcdir/tests/run/proxy.py" "$TMP/proxy.log" "$LXCPATH/proxy" "@rlxc-$$-$who" &
	wait_for 10 grep -q up "$TMP/proxy.log"
	proxy_pid=$(sed -n 's/^up //p' "$TMP/proxy.log")
	on_exit "kill -9 $proxy_pid 2>/dev/null"
}

end_proxy()
{
	kill -9 "$proxy_pid"
	wait 2>/dev/null
}

# What init says is in a file of the root file system, since it is filtered before there is an attach.
notify()
{
	has python3 || return 0
	printf '2\ndenylist\nmkdir notify\n' >"$TMP/policy"
	key="lxc.seccomp.notify.proxy = unix:$LXCPATH/proxy"
	refused "a proxy that is not there" "*cannot reach*lxc.seccomp.notify.proxy = unix:$LXCPATH/proxy*hint: *" \
		"lxc.seccomp.profile = $TMP/policy" "$key"
	proxy
	config "lxc.seccomp.profile = $TMP/policy" "$key" 'lxc.seccomp.notify.cookie = a cookie' \
		'lxc.hook.start = /bin/sh -c "/call 83 /errno77 >/hook-said"'
	like "$who: the plan names the proxy" "$(rlxc start -n c --dry-run)" '*"seccomp_proxy": "unix:*'
	ok "$who: it starts with a proxy" rlxc start -n c -- /bin/sh -c '/call 83 /errno77 >/said; exec sleep 300'
	wait_for 10 lxc attach -n c -- test -s /said </dev/null
	is "$who: it is asked for init" "$(lxc attach -n c -- cat /said </dev/null)" 77
	is "$who: and for its start hook" "$(lxc attach -n c -- cat /hook-said </dev/null)" 77
	denied "it is asked for attached programs" 77 83 /errno77
	like "$who: with what LXC's proxies get" "$(grep -c . "$TMP/proxy.log") $(tail -n 1 "$TMP/proxy.log")" \
		"4 /errno77 call 3 a cookie 8 $(pgrep -f "^\[lxc monitor\] $LXCPATH c$") $(init_pid)"
	denied "its value is the call's" 0 83 /value
	ok "$who: for the kernel nothing happened" test ! -e "$LXCPATH/c/rootfs/value"
	denied "a call can go on" 0 83 /continue
	ok "$who: and has" test -d "$LXCPATH/c/rootfs/continue"
	denied "another call's answer is none" 38 83 /other-call
	denied "nor is one that contradicts itself" 38 83 /contradiction
	denied "nor rubbish" 38 83 /rubbish
	denied "a proxy that leaves in between is asked no more" 38 83 /end
	denied "but anew the next time" 77 83 /errno77
	denied "other calls are the kernel's" 2 80 /missing
	kill -STOP "$proxy_pid"
	as_caller "$RLXC" attach -P "$LXCPATH" -n c -- /call 83 /errno77 >/dev/null 2>&1 </dev/null &
	waiting=$!
	wait_for 10 pgrep -f '^/call 83 /errno77'
	is "$who: a proxy that says nothing holds nobody else up" "$(lxc attach -n c -- echo here </dev/null)" here
	ok "$who: nor the end" lxc stop -k -n c
	wait $waiting
	end_proxy
	ok "$who: nothing is left" wait_for 5 no_monitor
	again
}

# With another monitor: the listener of init's filter ended with the first one
adopted()
{
	echo 'lxc.monitor.signal.pdeath = 0' >>"$LXCPATH/c/config"
	wait_for 10 no_monitor
	ok "$who: it starts, to lose its monitor" rlxc start -n c -- \
		/bin/sh -c 'until [ -e /now ]; do sleep 0.1; done; /call 83 /errno77 >/said-later; exec sleep 300'
	pid=$(pgrep -of "^\[lxc monitor\] $LXCPATH c$")
	kill -9 "$pid"
	wait_for 10 test ! -e "/proc/$pid"
	denied "with the next monitor the proxy is asked for attached programs" 77 83 /errno77
	lxc attach -n c -- touch /now </dev/null
	wait_for 10 test -s "$LXCPATH/c/rootfs/said-later"
	is "$who: but not for what ran before" "$(cat "$LXCPATH/c/rootfs/said-later")" 38
	lxc attach -n c -- rm /now /said-later </dev/null
	stop
}

# Without its proxy, and with the next one
again()
{
	proxy
	config "lxc.seccomp.profile = $TMP/policy" "lxc.seccomp.notify.proxy = unix:@rlxc-$$-$who"
	start "with an abstract name"
	denied "that proxy is asked" 77 83 /errno77
	end_proxy
	denied "without it such calls do not exist" 38 83 /errno77
	proxy
	denied "when it is there again it is asked" 77 83 /errno77
	pid=$(pgrep -f "^\[lxc notify\] $LXCPATH c$")
	kill -9 "$pid"
	denied "without the process that asks neither" 38 83 /continue
	ok "$who: the container runs on" kill -0 "$(init_pid)"
	stop
	adopted
	end_proxy
}

# How often a start runs the compiler. A user's ends soon after that: newuidmap is not set-user-ID
# under strace.
compiles()
{
	rm -f "$TMP/trace-$who"
	as_caller_cached timeout -k 5 60 strace -f -qq -e trace=execveat -o "$TMP/trace-$who" \
		"$RLXC" execute -P "$LXCPATH" -n c -- /bin/true >/dev/null 2>&1 </dev/null
	grep -c '"rlxc-seccomp"' "$TMP/trace-$who"
}

cached()
{
	# A policy that nobody else has, so that its file is the test's alone
	number=$(($$ % 4000 + 16))
	printf '2\ndenylist\nchmod errno 7\nchown errno %d\nlchown errno %d\n' $number $number >"$TMP/policy"
	config "lxc.seccomp.profile = $TMP/policy"
	is "$who: the first start compiles" "$(compiles)" 1
	file=$(grep -al "rule lchown $(printf '0x%x' $((0x50000 + number)))" "$CACHE"/*)
	[ "$who" != root ] || on_exit "rm -f '$file'"
	ok "$who: and keeps it" test -s "$file"
	is "$who: for its owner alone" "$(stat -c %a "$CACHE" "$file" | tr '\n' ' ')" "700 600 "
	is "$who: the second one does not" "$(compiles)" 0
	cp "$file" "$TMP/.good"

	printf 'damaged' | as_caller dd of="$file" bs=1 seek=40 conv=notrunc 2>/dev/null
	is "$who: a damaged file is made anew" "$(compiles)" 1
	ok "$who: as it was" cmp "$file" "$TMP/.good"
	as_caller truncate -s 30 "$file"
	is "$who: so is one that was cut off" "$(compiles)" 1
	ok "$who: as it was" cmp "$file" "$TMP/.good"
	as_caller rm "$file"
	as_caller ln -s "$TMP/.good" "$file"
	is "$who: a link is not followed" "$(compiles)" 1
	ok "$who: a file takes its place" test ! -L "$file"
	as_caller rm "$file"
	as_caller mkfifo "$file"
	is "$who: a pipe does not hold it up" "$(compiles)" 1
	as_caller chmod 666 "$file"
	is "$who: one that others can write is not believed" "$(compiles)" 1
	as_caller rm -f "$file"
	as_caller mkdir "$file"
	is "$who: a directory in its place" "$(compiles)" 1
	start "all the same"
	denied "and is filtered" 7 90 0 0
	stop
	as_caller rmdir "$file"
	hostile_dirs
	is "$who: at the end it is kept again" "$(compiles)$(compiles)" 10
	# Whose calls libseccomp does not all know
	printf '2\ndenylist\nchmod errno %d\na_call_of_tomorrow errno 1\n' $number >"$TMP/policy"
	is "$who: a program with gaps is not kept" "$(compiles)$(compiles)" 11
}

# Root's directory is the host's: not touched.
hostile_dirs()
{
	[ "$who" != root ] || return 0
	as_caller chmod 777 "$CACHE"
	is "$who: a directory that others can write is not used" "$(compiles)" 1
	like "$who: which is said" "$(rlxc start -n c 2>&1)" "*'$CACHE'*continuing without it*"
	stop
	as_caller chmod 700 "$CACHE"
	[ "$(id -u)" -eq 0 ] || return 0
	chown -R root "$CACHE"
	chmod -R a+rX "$CACHE"
	cp "$TMP/.good" "$file"
	chmod 644 "$file"
	is "$who: nor that of another user" "$(compiles)" 1
	chown "$TEST_USER" "$CACHE"
	is "$who: nor a file of another user" "$(compiles)" 1
	rm -f "$file"
	chown -R "$TEST_USER" "$CACHE"
}

create()
{
	lxc create -n c -t busybox >/dev/null 2>"$TMP/.create" || sed 's/^/# /' "$TMP/.create"
	as_caller tee -a "$LXCPATH/c/config" >/dev/null <<-END
		lxc.net.0.type = empty
		lxc.mount.entry = $TMP/call call none bind,ro,create=file 0 0
		lxc.mount.entry = $TMP/hook hook none bind,ro,create=file 0 0
	END
	cp "$LXCPATH/c/config" "$LXCPATH/c/config.first"
}

# The process of lxc-attach is the monitor's child.
spawned()
{
	create
	ok "$who: it starts" lxc start -n c
	denied "a forced umount" 13 166 0 1
	denied "TIOCSTI" 1 16 0 0x5412 0
	ok "$who: it goes" lxc destroy -f -n c
}

seccomp()
{
	cache_of
	create
	builtin_filter
	hooks
	policies
	notify
	if has strace; then
		cached
	else
		echo "# without strace the cache is not tested"
	fi
	ok "$who: it goes" lxc destroy -n c
}

each_caller seccomp root user
each_caller spawned other
finish
