#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc.hook.*: each moment, what a hook is told, where it runs, and what its failure does.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

# One program for all moments: a line for each call with what it sees, into $HOOKLOG/MOMENT.
: >"$TMP/empty"
chmod 644 "$TMP/empty"
HOOKS=$TMP/hooks
mkdir "$HOOKS"
chmod 755 "$HOOKS"
cat >"$HOOKS/note" <<'SH'
#!/bin/sh
moment=$1
shift
dir=$(dirname "$0")/log
{
	echo "args=$*"
	echo "uid=$(id -u)"
	env | grep ^LXC_
	env | grep -E '^(SECRET|INSIDE|FORHOOKS)='
	echo "mounts=$(cd "$LXC_ROOTFS_MOUNT" 2>/dev/null && ls -d bin dev/null proc/self dev/ptmx 2>/dev/null | tr '\n' ' ')"
} >>"$dir/$moment"
echo "said by $moment"
SH
chmod 755 "$HOOKS/note"

conf() # LINE...: the configuration of c with these lines
{
	configured "lxc.include = $LXCPATH/c/config"$'\n' "$@" --
}

# run LINE... -- COMMAND...: the container with them in the foreground
run()
{
	configured "lxc.include = $LXCPATH/c/config"$'\n' "$@"
	shift "${test_n:?}"
	lxc start -n c -f "$LXCPATH/conf" -F -- "$@" </dev/null
}

noted() # MOMENT KEY: the value
{
	sed -n "s/^$2=//p" "$HOOKS/log/$1" 2>/dev/null
}

fresh_log()
{
	rm -rf "$HOOKS/log"
	mkdir -m 1777 "$HOOKS/log"
	if [ "$who" = root ]; then chmod 755 "$HOOKS/log"; fi
}

script() # NAME TEXT: a hook with that text
{
	printf '#!/bin/sh\n%s\n' "$2" >"$HOOKS/$1"
	chmod 755 "$HOOKS/$1"
}
script fail 'echo why it failed >&2; exit 3'
# shellcheck disable=SC2016
script slow 'sleep 0.3; exec "$(dirname "$0")/note" "$@"'
# shellcheck disable=SC2016
script tmpfs 'mount -t tmpfs -o mode=755 x "$1"'
# shellcheck disable=SC2016
script link 'ln -s /proc/self/fd/1 $LXC_ROOTFS_MOUNT/dev/out'

all_moments=(pre-start pre-mount mount autodev start-host stop post-stop)

moments()
{
	fresh_log
	lines=(lxc.environment=INSIDE=yes lxc.environment.hooks=FORHOOKS=yes)
	for moment in "${all_moments[@]}"; do
		lines+=("lxc.hook.$moment = $HOOKS/note $moment first")
	done
	out=$(SECRET=s run "${lines[@]}" -- /bin/sh -c env)
	like "$who: init runs" "$out" "*INSIDE=yes*"
	not_ok "$who: and does not see lxc.environment.hooks" grep -q FORHOOKS <<<"$out"
	for moment in "${all_moments[@]}"; do
		like "$who: $moment: arguments of version 0" "$(noted "$moment" args)" "first c lxc $moment*"
		is "$who: $moment: LXC_NAME" "$(noted "$moment" LXC_NAME)" c
		is "$who: $moment: LXC_ROOTFS_PATH" "$(noted "$moment" LXC_ROOTFS_PATH)" "$LXCPATH/c/rootfs"
		is "$who: $moment: LXC_HOOK_VERSION" "$(noted "$moment" LXC_HOOK_VERSION)" 0
		is "$who: $moment: no LXC_HOOK_TYPE" "$(noted "$moment" LXC_HOOK_TYPE)" ""
		is "$who: $moment: the starter's environment" "$(noted "$moment" SECRET)" s
	done
	for moment in pre-start start-host stop post-stop; do
		is "$who: $moment: as who started it" "$(noted $moment uid)" "$(as_caller id -u)"
		is "$who: $moment: no lxc.environment" "$(noted $moment INSIDE)$(noted $moment FORHOOKS)" ""
	done
	for moment in pre-mount mount autodev; do
		is "$who: $moment: as the container's root" "$(noted $moment uid)" 0
		is "$who: $moment: lxc.environment and .hooks" "$(noted $moment INSIDE)$(noted $moment FORHOOKS)" yesyes
	done
	like "$who: start-host: LXC_PID" "$(noted start-host LXC_PID)" "[1-9]*"
	is "$who: stop: LXC_TARGET" "$(noted stop LXC_TARGET)" stop
	like "$who: stop: LXC_PID" "$(noted stop LXC_PID)" "[1-9]*"
	like "$who: stop: LXC_NET_NS" "$(noted stop LXC_NET_NS)" "/proc/[1-9]*/fd/[1-9]*"
	like "$who: stop: namespaces as arguments" "$(noted stop args)" "* mnt:/proc/*/fd/* pid:/proc/*"
	is "$who: post-stop: namespaces are gone" "$(noted post-stop LXC_NET_NS)" ""
}

# Where a directory for it that all ids can reach is installed, or with lxc.rootfs.mount.
places()
{
	fresh_log
	mkdir -p "$TMP/point"
	chmod 755 "$TMP" "$TMP/point"
	run "lxc.rootfs.mount = $TMP/point" "lxc.hook.pre-mount = $HOOKS/note pre-mount" \
		"lxc.hook.mount = $HOOKS/note mount" "lxc.hook.autodev = $HOOKS/note autodev" -- /bin/true
	is "$who: pre-mount: nothing is mounted yet" "$(noted pre-mount mounts)" ""
	is "$who: mount: the root and /proc" "$(noted mount mounts)" "bin proc/self "
	is "$who: autodev: no nodes yet" "$(noted autodev mounts)" "bin proc/self "
	is "$who: LXC_ROOTFS_MOUNT" "$(noted mount LXC_ROOTFS_MOUNT)" "$TMP/point"
	out=$(run "lxc.rootfs.mount = $TMP/point" \
		"lxc.hook.mount = $HOOKS/tmpfs \$LXC_ROOTFS_MOUNT/mnt" "lxc.hook.autodev = $HOOKS/link" \
		-- /bin/sh -c 'grep " /mnt " /proc/mounts; ls /dev/out')
	like "$who: what a mount hook mounts is there" "$out" "*/mnt tmpfs*"
	like "$who: what an autodev hook makes is there" "$out" "*/dev/out"
	# shellcheck disable=SC2016
	script cover 'mount -t tmpfs -o mode=755 x "$LXC_ROOTFS_PATH" && mkdir -p "$LXC_ROOTFS_PATH/bin" &&
		cp "$(command -v busybox)" "$LXC_ROOTFS_PATH/bin/sh" && cd "$LXC_ROOTFS_PATH" && mkdir dev proc sys'
	as_caller chmod 711 "$LXCPATH/c"
	out=$(run lxc.mount.auto= "lxc.hook.pre-mount = $HOOKS/cover" -- /bin/sh -c 'echo *; exit 0')
	is "$who: what a pre-mount hook puts in its place is the root" "$out" "bin dev proc sys"
	fresh_log
	run "lxc.rootfs.mount = $TMP/point" "lxc.autodev = 0" "lxc.hook.autodev = $HOOKS/note autodev" -- /bin/true
	not_ok "$who: without lxc.autodev no autodev hook" test -e "$HOOKS/log/autodev"
}

inside()
{
	out=$(SECRET=s run "lxc.cap.drop = sys_admin net_raw" lxc.no_new_privs=1 lxc.environment=INSIDE=yes \
		"lxc.hook.start = sh -c '{ echo args; env; grep -E \"CapBnd|NoNewPrivs\" /proc/self/status; id -u; } >/tmp/hook'" \
		-- /bin/sh -c 'cat /tmp/hook; echo ---; grep -E "CapBnd|NoNewPrivs" /proc/self/status')
	like "$who: start: runs inside, before init" "$out" "*args*---*"
	like "$who: start: with lxc.environment" "$out" "*INSIDE=yes*---*"
	not_ok "$who: start: without the starter's environment" grep -q SECRET <<<"$out"
	is "$who: start: with no more rights than init" "$(grep -E 'CapBnd|NoNewPrivs' <<<"${out%%---*}")" \
		"$(grep -E 'CapBnd|NoNewPrivs' <<<"${out##*---}")"
}

version_1()
{
	fresh_log
	lines=(lxc.hook.version=1)
	for moment in pre-start start-host stop post-stop; do
		lines+=("lxc.hook.$moment = $HOOKS/note $moment first")
	done
	run "${lines[@]}" -- /bin/true
	for moment in pre-start start-host stop post-stop; do
		is "$who: $moment: arguments of version 1" "$(noted $moment args)" first
		is "$who: $moment: LXC_HOOK_TYPE" "$(noted $moment LXC_HOOK_TYPE)" $moment
		is "$who: $moment: LXC_HOOK_SECTION" "$(noted $moment LXC_HOOK_SECTION)" lxc
	done
	like "$who: stop: LXC_MNT_NS" "$(noted stop LXC_MNT_NS)" "/proc/[1-9]*/fd/[1-9]*"
}

failures()
{
	for moment in pre-start pre-mount mount autodev start-host start; do
		fresh_log
		command=$HOOKS/fail
		[ $moment != start ] || command="sh -c 'echo why it failed; exit 3'"
		out=$(run "lxc.hook.$moment = $command" \
			"lxc.hook.stop = $HOOKS/note stop" "lxc.hook.post-stop = $HOOKS/note post-stop" \
			-- /bin/echo INIT RAN 2>&1)
		like "$who: a failing $moment hook ends the start" "$out" \
			"*$moment hook '*' failed with exit status 3: why it failed*"
		not_ok "$who: and init did not run" grep -q "^INIT RAN" <<<"$out"
		is "$who: $moment: the late hooks ran" "$(cd "$HOOKS/log" && echo *)" "post-stop stop"
		is "$who: $moment: nothing is left" "$(state c)" STOPPED
	done
	out=$(run "lxc.hook.stop = false" "lxc.hook.post-stop = $HOOKS/fail" -- /bin/echo fine 2>&1)
	like "$who: a failing stop hook ends nothing" "$out" "*fine*"
	out=$(run "lxc.hook.pre-start = $HOOKS/absent" -- /bin/true 2>&1)
	like "$who: a hook that is not there" "$out" "*pre-start hook '$HOOKS/absent' failed with exit status 127*"
	fresh_log
	run "lxc.hook.pre-start = $HOOKS/note a" "lxc.hook.pre-start = $HOOKS/note b" -- /bin/true
	is "$who: several hooks of a moment, in order" "$(cd "$HOOKS/log" && echo *)" "a b"
	fresh_log
	run "lxc.hook.pre-start = $HOOKS/note a" "lxc.hook.pre-start =" -- /bin/true
	is "$who: an empty value takes them away" "$(cd "$HOOKS/log" && echo *)" "*"
}

reboots()
{
	fresh_log
	# The reboot call of pid 1 ends it by SIGHUP, once: the second boot finds the file.
	run "lxc.hook.stop = $HOOKS/note stop" "lxc.hook.post-stop = $HOOKS/note post-stop" \
		"lxc.hook.pre-start = $HOOKS/note pre-start" -- \
		/bin/sh -c 'test -e /tmp/again && exit; : >/tmp/again; busybox reboot -f; sleep 5'
	is "$who: each boot has its hooks" "$(grep -c ^args= "$HOOKS/log/pre-start")$(grep -c ^args= "$HOOKS/log/post-stop")" 22
	is "$who: LXC_TARGET tells which end it was" "$(noted stop LXC_TARGET | tr '\n' ' ')" "reboot stop "
	lxc start -n c -f "$LXCPATH/conf" -F -- /bin/rm /tmp/again </dev/null
}

daemon()
{
	fresh_log
	conf "lxc.hook.pre-start = $HOOKS/fail"
	out=$(lxc start -n c -f "$LXCPATH/conf" 2>&1)
	like "$who: in the background the hook's failure is told too" "$out" "*pre-start hook '$HOOKS/fail' failed with exit status 3*"
	conf "lxc.hook.post-stop = $HOOKS/slow post-stop"
	ok "$who: a start in the background" lxc start -n c -f "$LXCPATH/conf"
	ok "$who: stop" lxc stop -n c -k
	ok "$who: waits for the post-stop hook" test -e "$HOOKS/log/post-stop"
}

# One that hangs before the container runs ends with the start.
hang() # MOMENT
{
	fresh_log
	conf "lxc.hook.version = 1" \
		"lxc.hook.$1 = sh -c 'sleep 4321$$ & echo >$HOOKS/log/began; wait'"
}

hanging()
{
	for moment in pre-start mount start-host; do
		hang $moment
		lxc start -n c -f "$LXCPATH/conf" >/dev/null 2>"$TMP/out" &
		starter=$!
		wait_for 20 test -e "$HOOKS/log/began"
		ok "$who: $moment hangs: lxc-stop -k ends it" lxc stop -n c -k
		wait $starter
		is "$who: $moment hangs: the starter fails" $? 1
		like "$who: $moment hangs: and says why" "$(cat "$TMP/out")" "*was ended by a signal*"
		is "$who: $moment hangs: STOPPED" "$(state c)" STOPPED
		not_ok "$who: $moment hangs: it is gone, with what it began" pgrep -f "^sleep 4321$$"
	done
	hang pre-start
	as_caller timeout -k 5 2 "$RLXC" start -P "$LXCPATH" -n c -f "$LXCPATH/conf" 2>/dev/null
	ok "$who: a hook hangs and the starter is ended: STOPPED" wait_for 10 is_state c STOPPED
	ok "$who: and it is gone" wait_for 10 sh -c "! pgrep -f '^sleep 4321$$'"
	conf "lxc.hook.pre-start = sh -c 'yes | head -c 100000; echo at last; exit 3' x"
	like "$who: the last line of much" "$(lxc start -n c -f "$LXCPATH/conf" 2>&1)" \
		"*failed with exit status 3: at last*"
}

one_caller()
{
	ok "$who: create" lxc create -n c -t busybox -f "$TMP/empty"
	moments
	places
	inside
	version_1
	failures
	reboots
	daemon
	hanging
	ok "$who: destroy" lxc destroy -n c
}
each_caller one_caller root user

# What root runs.
if [ "$(id -u)" -eq 0 ]; then
	who=root
	chown 0:0 "$TMP"
	LXCPATH=$TMP/lxc.files
	mkdir "$LXCPATH"
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null
	fresh_log
	cp "$HOOKS/note" "$TMP/theirs"
	chown 12345 "$TMP/theirs"
	like "root: the file of another" "$(run "lxc.hook.pre-start = $TMP/theirs x" -- /bin/true 2>&1)" \
		"*'$TMP/theirs' is on the way to a hook and can be changed by others than root*"
	chown 0 "$TMP/theirs"
	chmod 777 "$TMP/theirs"
	like "root: one that all can write" "$(run "lxc.hook.mount = $TMP/theirs x" -- /bin/true 2>&1)" \
		"*can be changed by others than root*"
	chmod 755 "$TMP/theirs"
	mkdir -m 777 "$TMP/open"
	cp "$TMP/theirs" "$TMP/open/hook"
	like "root: one in a directory that all can write" \
		"$(run "lxc.hook.stop = $TMP/open/hook x" -- /bin/true 2>&1)" \
		"*'$TMP/open' is on the way to a hook*"
	fresh_log
	cp "$TMP/theirs" "$HOOKS/fine"
	ok "root: its own file" run "lxc.hook.pre-start = $HOOKS/fine x" -- /bin/true
	ok "root: lxc.monitor.unshare keeps what hooks mount from the host" \
		run lxc.monitor.unshare=1 "lxc.hook.pre-start = $HOOKS/tmpfs $TMP/open" -- /bin/true
	not_ok "root: nothing is mounted there" mountpoint -q "$TMP/open"
	lxc destroy -n c
else
	who=user
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null
	like "user: lxc.monitor.unshare is for root" "$(run lxc.monitor.unshare=1 -- /bin/true 2>&1)" \
		"*cannot do as lxc.monitor.unshare says*"
	lxc destroy -n c
fi
finish
