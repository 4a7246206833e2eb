#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the configuration keys do, seen from inside.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

# inside LINE... -- COMMAND...: as init of a container whose configuration ends in these lines
inside()
{
	configured "lxc.include = $LXCPATH/c/config"$'\n' "$@"
	shift "${test_n:?}"
	lxc start -n c -f "$LXCPATH/conf" -F -- "$@" </dev/null
}

# code LINE... -- COMMAND...: the same, and its exit code counts
code()
{
	configured "lxc.include = $LXCPATH/c/config"$'\n' "$@"
	shift "${test_n:?}"
	lxc execute -n c -f "$LXCPATH/conf" -- "$@" </dev/null
}

# refused LINE...: and what is said about it
refused()
{
	if inside "$@" -- /bin/true 2>&1; then echo "NOT REFUSED"; fi
}

# mounts: on a line each "where type options root", for what is mounted below $1
mounts()
{
	awk -v below="$1" '{ for (i = 7; $i != "-"; i++); if (index($5, below) == 1) print $5, $(i + 1), $6, $4 }'
}

# What proc:mixed and sys:mixed hide: with ids of its own, and besides without
hidden_ids="/proc/kcore /proc/keys /proc/timer_list"
hidden_root="/proc/acpi /proc/asound /proc/latency_stats /proc/sched_debug /proc/scsi
/sys/devices/virtual/powercap /sys/firmware"

# These of the words, one on a line, which this kernel has
existing()
{
	for path; do [ ! -e "$path" ] || echo "$path"; done
}

# hidden LINE...: which of them are, seen from inside
hidden()
{
	# shellcheck disable=SC2086,SC2016
	inside 'lxc.mount.auto =' "$@" -- /bin/sh -c 'for path; do
		if [ -d "$path" ]; then
			[ -z "$(ls -A "$path")" ] && grep -q " / $path ro,.* - tmpfs " /proc/self/mountinfo && echo "$path"
		elif [ "$(stat -c %t:%T "$path" 2>/dev/null)" = 1:3 ]; then
			echo "$path"
		fi
	done' sh $hidden_ids $hidden_root
}

# Lines of mounts that are not for hiding
not_hidden()
{
	# shellcheck disable=SC2086
	grep -v "$(printf '^%s \n' $hidden_ids $hidden_root)"
}

identity()
{
	is "$who: uts.name" "$(inside 'lxc.uts.name = some.name' -- /bin/hostname)" some.name
	is "$who: no uts.name" "$(inside 'lxc.uts.name =' -- /bin/hostname)" "$(hostname)"
	is "$who: arch" "$(inside 'lxc.arch = linux32' -- /bin/uname -m)" i686
	is "$who: arch = amd64" "$(inside 'lxc.arch = amd64' -- /bin/uname -m)" "$(uname -m)"
	like "$who: no such arch" "$(refused 'lxc.arch = z80')" "*lxc.arch*"
	as_caller sh -c 'printf "lxc.include = %s/c/config\nlxc.init.cmd = /bin/echo \"a  b\" %s\n" "$1" "'"'c d'"'" >"$1/conf"' sh "$LXCPATH"
	is "$who: init.cmd, its words" "$(lxc start -n c -f "$LXCPATH/conf" -F </dev/null)" "a  b c d"
	is "$who: init.cwd" "$(inside 'lxc.init.cwd = /etc' -- /bin/pwd)" /etc
	is "$who: init.cwd that is not there" "$(inside 'lxc.init.cwd = /made/for/me' -- /bin/sh -c 'pwd; stat -c %a .' | tr '\n' ' ')" "/made/for/me 755 "
	like "$who: init.cwd that is a file" "$(refused 'lxc.init.cwd = /etc/passwd')" "*lxc.init.cwd*"
	is "$who: init.uid, init.gid" "$(inside 'lxc.init.uid = 5' 'lxc.init.gid = 6' -- /bin/sh -c 'echo $(id -u) $(id -g) $(id -G)')" "5 6 6"
	is "$who: init.uid alone" "$(inside 'lxc.init.uid = 5' -- /bin/sh -c 'echo $(id -u) $(id -g)')" "5 0"
	is "$who: without capabilities then" "$(inside 'lxc.init.uid = 5' -- /bin/grep CapEff /proc/self/status | tr -d '\t')" CapEff:0000000000000000
	is "$who: init.groups" "$(inside 'lxc.init.groups = 7, 8' 'lxc.init.groups = 9' -- /bin/grep Groups /proc/self/status | tr -d '\t')" "Groups:7 8 9 "
	is "$who: none by default" "$(inside -- /bin/grep Groups /proc/self/status | tr -d '\t ')" "Groups:"
	[ "$who" = root ] || like "$who: init.uid that is not mapped" "$(refused 'lxc.init.uid = 70000')" "*lxc.init.uid = 70000*"
	is "$who: environment" "$(inside 'lxc.environment = A=1' 'lxc.environment = B=x=y z' 'lxc.environment = A=2' -- /usr/bin/env | grep '^[AB]=' | sort | tr '\n' ' ')" "A=2 B=x=y z "
	is "$who: environment.runtime" "$(inside 'lxc.environment = A=1' 'lxc.environment.runtime = A=3' -- /usr/bin/env | grep '^A=')" A=3
	is "$who: environment, of the caller" "$(OF_CALLER=yes inside 'lxc.environment = OF_CALLER' -- /usr/bin/env | grep OF_CALLER)" OF_CALLER=yes
	like "$who: which is not set" "$(refused 'lxc.environment = NOT_SET_ANYWHERE')" "*NOT_SET_ANYWHERE*"
	is "$who: nothing else" "$(LEAK=1 inside -- /usr/bin/env | grep -c LEAK)" 0
	is "$who: container_ttys" "$(inside 'lxc.tty.max = 2' -- /usr/bin/env | grep -c '^container_ttys=pts/[0-9]* pts/[0-9]*$')" 1
}

ns()
{
	as_caller readlink "/proc/${2:-self}/ns/$1"
}

# Which of these namespaces are new to what $1 prints?
new_namespaces()
{
	for kind in cgroup ipc mnt net pid time user uts; do
		case $1 in *"$(ns $kind)"*) ;; *) printf '%s ' $kind ;; esac
	done
}

namespaces()
{
	list='for kind in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$kind; done'
	case $who in root) user= ;; *) user='user ' ;; esac
	is "$who: the usual namespaces" "$(new_namespaces "$(inside -- /bin/sh -c "$list")")" "cgroup ipc mnt net pid ${user}uts "
	is "$who: namespace.keep" "$(new_namespaces "$(inside 'lxc.namespace.keep = uts ipc' -- /bin/sh -c "$list")")" "cgroup mnt net pid ${user}"
	is "$who: namespace.keep = net" "$(new_namespaces "$(inside 'lxc.namespace.keep = net' -- /bin/sh -c "$list")")" "cgroup ipc mnt pid ${user}uts "
	is "$who: namespace.clone" "$(new_namespaces "$(inside "lxc.namespace.clone = mnt pid net cgroup $user" -- /bin/sh -c "$list")")" "cgroup mnt net pid ${user}"
	is "$who: net.0.type = none" "$(new_namespaces "$(inside 'lxc.net.0.type = none' -- /bin/sh -c "$list")")" "cgroup ipc mnt pid ${user}uts "
	like "$who: both" "$(refused 'lxc.namespace.clone = mnt' 'lxc.namespace.keep = uts')" "*lxc.namespace*"
	like "$who: no such namespace" "$(refused 'lxc.namespace.keep = disk')" "*disk*"
	like "$who: without a mount namespace" "$(refused 'lxc.namespace.keep = mnt')" "*mount namespace*"
	is "$who: namespace.keep = pid" "$(inside 'lxc.namespace.keep = pid' -- /bin/sh -c '[ $$ -gt 2 ] && [ -e /proc/$$ ] && echo more')" more
	if [ -e /proc/self/ns/time ]; then
		up=$(awk '{ print int($1) }' /proc/uptime)
		is "$who: time.offset.boot" "$(inside 'lxc.time.offset.boot = 100h' -- /bin/sh -c "awk '{ d = int(\$1) - $up - 360000; print (d >= 0 && d < 30) }' /proc/uptime")" 1
		like "$who: more than a second in a small unit" "$(inside 'lxc.time.offset.boot = -1500ms' -- /bin/cat /proc/self/timens_offsets | tr -s ' \n' ' ')" \
			"*boottime -2 500000000 *"
		is "$who: a time namespace" "$(new_namespaces "$(inside 'lxc.time.offset.monotonic = 5m' -- /bin/sh -c "$list")" | grep -c time)" 1
		like "$who: offset without its namespace" "$(refused 'lxc.time.offset.boot = 1h' 'lxc.namespace.keep = time')" "*lxc.time.offset*"
		like "$who: offset without a unit" "$(refused 'lxc.time.offset.boot = 1')" "*lxc.time.offset.boot*"
	fi
}

# The bounding set of init without the named capability
capabilities()
{
	bounding='sed -n "s/^CapBnd:.//p" /proc/self/status'
	all=$(inside 'lxc.cap.drop =' -- /bin/sh -c "$bounding")
	is "$who: cap.drop" "$(inside 'lxc.cap.drop =' 'lxc.cap.drop = net_raw' 'lxc.cap.drop = 27' -- /bin/sh -c "$bounding")" \
		"$(printf '%016x' $((0x$all & ~(1 << 13) & ~(1 << 27))))"
	is "$who: cap.keep" "$(inside 'lxc.cap.drop =' 'lxc.cap.keep = net_raw chown' -- /bin/sh -c "$bounding")" 0000000000002001
	is "$who: cap.keep = none" "$(inside 'lxc.cap.drop =' 'lxc.cap.keep = none' -- /bin/sh -c "$bounding")" 0000000000000000
	is "$who: the effective ones too" "$(inside 'lxc.cap.drop =' 'lxc.cap.keep = chown' -- /bin/sed -n 's/^CapEff:.//p' /proc/self/status)" 0000000000000001
	is "$who: nothing inheritable or ambient" "$(inside -- /bin/sh -c 'grep "CapInh\|CapAmb" /proc/self/status' | tr -d '\t' | tr '\n' ' ')" \
		"CapInh:0000000000000000 CapAmb:0000000000000000 "
	like "$who: both" "$(refused 'lxc.cap.drop = chown' 'lxc.cap.keep = kill')" "*lxc.cap.*"
	like "$who: no such capability" "$(refused 'lxc.cap.drop = fly')" "*fly*"
	like "$who: upper case" "$(refused 'lxc.cap.drop = CHOWN')" "*CHOWN*"
	is "$who: no_new_privs" "$(inside 'lxc.no_new_privs = 1' -- /bin/sed -n 's/^NoNewPrivs:.//p' /proc/self/status)" 1
	is "$who: not by default" "$(inside -- /bin/sed -n 's/^NoNewPrivs:.//p' /proc/self/status)" 0
	# Without a root file system of its own, Python sees a container from inside, too.
	keyring='import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))'
	if [ "$(uname -m)" = x86_64 ] && [ -x /usr/bin/python3 ]; then
		ours=$(as_caller /usr/bin/python3 -c "$keyring")
		# Without a session keyring there is that of the user id, which a user changes inside.
		for value in 0 1; do
			[ $value = 0 ] || [ "$who" = root ] || continue
			as_caller sh -c 'printf "lxc.keyring.session = %s\n" "$2" >"$1/conf"' sh "$LXCPATH" $value
			theirs=$(lxc start -n k -f "$LXCPATH/conf" -F -- /usr/bin/python3 -c "$keyring" </dev/null)
			if [ "$theirs" = "$ours" ]; then theirs=ours; elif [ -n "$theirs" ]; then theirs=another; fi
			is "$who: keyring.session = $value" "$theirs" "$([ $value = 1 ] && echo ours || echo another)"
		done
	fi
}

resources()
{
	is "$who: prlimit" "$(inside 'lxc.prlimit.nofile = 100:200' -- /bin/sh -c 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ')" "100 200 "
	is "$who: prlimit, one value" "$(inside 'lxc.prlimit.core = 0' -- /bin/sh -c 'ulimit -Sc; ulimit -Hc' | tr '\n' ' ')" "0 0 "
	like "$who: no such limit" "$(refused 'lxc.prlimit.cars = 5')" "*cars*"
	like "$who: a bad value" "$(refused 'lxc.prlimit.nofile = many')" "*lxc.prlimit.nofile*"
	is "$who: sysctl" "$(inside 'lxc.sysctl.net.ipv4.ip_forward = 1' -- /bin/cat /proc/sys/net/ipv4/ip_forward)" 1
	is "$who: sysctl of another namespace" "$(inside 'lxc.sysctl.kernel.msgmax = 4242' -- /bin/cat /proc/sys/kernel/msgmax)" 4242
	like "$who: no such sysctl" "$(refused 'lxc.sysctl.no.such = 1')" "*lxc.sysctl.no.such*"
	[ "$who" = root ] || like "$who: one of the host" "$(refused 'lxc.sysctl.kernel.panic = 5')" "*lxc.sysctl.kernel.panic*"
	is "$who: proc" "$(inside 'lxc.proc.oom_score_adj = 321' -- /bin/cat /proc/self/oom_score_adj)" 321
	like "$who: no such file of /proc" "$(refused 'lxc.proc.no_such = 1')" "*lxc.proc.no_such*"
	like "$who: a file that is not of the process" "$(refused 'lxc.proc.../sys/kernel/panic = 5')" "*lxc.proc*"
}

auto_mounts()
{
	info='cat /proc/self/mountinfo'
	none='lxc.mount.auto ='
	sysrq=
	[ ! -e /proc/sysrq-trigger ] || sysrq="
/proc/sysrq-trigger proc ro,nosuid,nodev,noexec,relatime /sysrq-trigger"
	is "$who: nothing" "$(inside "$none" 'lxc.mount.entry =' 'lxc.autodev = 0' -- /bin/sh -c 'ls /proc | wc -l')" 0
	is "$who: proc:rw" "$(inside "$none" 'lxc.mount.auto = proc:rw' -- /bin/sh -c "$info" | mounts /proc)" \
		"/proc proc rw,nosuid,nodev,noexec,relatime /"
	for token in proc proc:mixed; do
		is "$who: $token" "$(inside "$none" "lxc.mount.auto = $token" -- /bin/sh -c "$info" | mounts /proc | not_hidden)" \
			"/proc proc rw,nosuid,nodev,noexec,relatime /
/proc/sys proc ro,nosuid,nodev,noexec,relatime /sys
/proc/sys/net proc rw,nosuid,nodev,noexec,relatime /sys/net$sysrq"
	done
	is "$who: proc without net_admin" "$(inside "$none" 'lxc.mount.auto = proc' 'lxc.cap.drop = net_admin' -- /bin/sh -c "$info" | mounts /proc/sys/net)" ""
	is "$who: the last one counts" "$(inside "$none" 'lxc.mount.auto = proc:mixed' 'lxc.mount.auto = proc:rw' -- /bin/sh -c "$info" | mounts /proc | wc -l)" 1
	not_ok "$who: /proc/sys is read-only" code "$none" 'lxc.mount.auto = proc' -- /bin/sh -c 'echo 1 >/proc/sys/kernel/msgmax'
	ok "$who: /proc/sys/net is not" code "$none" 'lxc.mount.auto = proc' -- /bin/sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	is "$who: sys:rw" "$(inside "$none" 'lxc.mount.auto = proc:rw sys:rw' -- /bin/sh -c "$info" | mounts /sys | cut -d' ' -f1-3)" "/sys sysfs rw,relatime"
	is "$who: sys:ro" "$(inside "$none" 'lxc.mount.auto = proc:rw sys:ro' -- /bin/sh -c "$info" | mounts /sys | cut -d' ' -f1-3)" "/sys sysfs ro,relatime"
	for token in sys sys:mixed; do
		is "$who: $token" "$(inside "$none" "lxc.mount.auto = proc $token" -- /bin/sh -c "$info" | mounts /sys | not_hidden)" \
			"/sys sysfs ro,nosuid,nodev,noexec,relatime /
/sys/devices/virtual/net sysfs rw,nosuid,nodev,noexec,relatime /devices/virtual/net"
	done
	# shellcheck disable=SC2086
	case $who in root) wanted=$(existing $hidden_ids $hidden_root) ;; *) wanted=$(existing $hidden_ids) ;; esac
	is "$who: what proc and sys hide" "$(hidden 'lxc.mount.auto = proc sys')" "$wanted"
	is "$who: nothing is hidden by proc:rw and sys:ro" "$(hidden 'lxc.mount.auto = proc:rw sys:ro')" ""
	is "$who: what an entry mounts there is not" "$(hidden 'lxc.mount.auto = proc' \
		'lxc.mount.entry = /proc/timer_list proc/timer_list none bind 0 0' | grep timer_list)" ""
	is "$who: what is hidden is empty" "$(inside "$none" 'lxc.mount.auto = proc' -- /bin/sh -c "cat /proc/keys /proc/timer_list" 2>/dev/null)" ""
	is "$who: sys shows the own interfaces" "$(inside "$none" "lxc.mount.auto = proc sys" -- /bin/ls /sys/class/net)" lo
	like "$who: no such token" "$(refused 'lxc.mount.auto = proc:ro')" "*proc:ro*"
	like "$who: commas" "$(refused 'lxc.mount.auto = proc,sys')" "*proc,sys*"
	if has_cgroup; then
		for token in cgroup2 cgroup:rw:force cgroup:mixed:force cgroup-full:rw:force cgroup2:force; do
			like "$who: $token" "$(inside "$none" "lxc.mount.auto = proc sys $token" -- /bin/sh -c "$info" | mounts /sys/fs/cgroup)" \
				"*cgroup2 rw,nosuid,nodev,noexec,relatime /*"
		done
		for token in cgroup2:ro cgroup:ro:force cgroup2:ro:force; do
			like "$who: $token" "$(inside "$none" "lxc.mount.auto = proc sys $token" -- /bin/sh -c "$info" | mounts /sys/fs/cgroup)" \
				"*cgroup2 ro,nosuid,nodev,noexec,relatime /*"
		done
	fi
	as_caller mkdir -p "$LXCPATH/shared/sub"
	is "$who: shmounts" "$(inside "lxc.mount.auto = shmounts:$LXCPATH/shared:/mnt" -- /bin/ls /mnt)" sub
	is "$who: shmounts where it is by default" "$(inside "lxc.mount.auto = shmounts:$LXCPATH/shared" -- /bin/ls /dev/.lxc-mounts)" sub
}

entries()
{
	info='cat /proc/self/mountinfo'
	as_caller sh -c 'mkdir -p "$1/host/deep" "$1/host/a b" && echo data >"$1/host/file" && chmod -R a+rX "$1/host"' sh "$LXCPATH"
	h=$LXCPATH/host
	is "$who: bind, create=dir" "$(inside "lxc.mount.entry = $h new/dir none bind,create=dir 0 0" -- /bin/sh -c 'ls /new/dir; stat -c %a /new' | tr '\n' ' ')" "a b deep file 755 "
	is "$who: bind of a file, create=file" "$(inside "lxc.mount.entry = $h/file new/file none bind,create=file 0 0" -- /bin/cat /new/file)" data
	like "$who: nowhere to put it" "$(refused "lxc.mount.entry = $h not/there none bind 0 0")" "*not/there*hint: *create=dir*"
	is "$who: optional then" "$(inside "lxc.mount.entry = $h not/there none bind,optional 0 0" -- /bin/echo started)" started
	is "$who: no source, optional" "$(inside "lxc.mount.entry = /no/such mnt none bind,optional 0 0" -- /bin/echo started)" started
	like "$who: no source" "$(refused "lxc.mount.entry = /no/such mnt none bind 0 0")" "*/no/such*"
	is "$who: ro" "$(inside "lxc.mount.entry = $h mnt none bind,ro 0 0" -- /bin/sh -c "$info" | mounts /mnt | awk '{ print $3 }' | cut -d, -f1)" ro
	not_ok "$who: really" code "lxc.mount.entry = $h mnt none bind,ro 0 0" -- /bin/sh -c ': >/mnt/x'
	like "$who: nosuid, nodev, noexec" "$(inside "lxc.mount.entry = $h mnt none bind,nosuid,nodev,noexec 0 0" -- /bin/sh -c "$info" | mounts /mnt)" "/mnt * rw,nosuid,nodev,noexec*"
	like "$who: noexec alone" "$(inside "lxc.mount.entry = /bin mnt none bind,noexec 0 0" -- /bin/sh -c "$info" | mounts /mnt)" "*noexec*"
	is "$who: blanks as \\040" "$(inside "lxc.mount.entry = $h/a\\040b mnt/x\\040y none bind,create=dir 0 0" -- /bin/sh -c 'ls -d /mnt/x*')" "/mnt/x y"
	is "$who: a comment" "$(inside "lxc.mount.entry = # no mount" -- /bin/echo started)" started
	is "$who: in their order" "$(inside "lxc.mount.entry = $h mnt none bind 0 0" "lxc.mount.entry = tmpfs mnt/deep tmpfs size=64k 0 0" -- /bin/sh -c "$info" | mounts /mnt | awk '{ print $1 }' | tr '\n' ' ')" "/mnt /mnt/deep "
	is "$who: tmpfs with options" "$(inside "lxc.mount.entry = tmpfs mnt tmpfs rw,nosuid,nodev,size=64k,mode=0711 0 0" -- /bin/sh -c 'stat -c %a /mnt; df -k /mnt | awk "NR == 2 { print \$2 }"' | tr '\n' ' ')" "711 64 "
	like "$who: tmpfs with a wrong one" "$(refused "lxc.mount.entry = tmpfs mnt tmpfs size=many 0 0")" "*tmpfs*"
	like "$who: no such file system" "$(refused "lxc.mount.entry = x mnt floppyfs defaults 0 0")" "*floppyfs*"
	is "$who: relative" "$(inside "lxc.mount.entry = etc mnt none bind,relative 0 0" -- /bin/ls -d /mnt/passwd)" /mnt/passwd
	is "$who: an absolute target" "$(inside "lxc.mount.entry = $h $LXCPATH/c/rootfs/mnt none bind 0 0" -- /bin/ls -d /mnt/file)" /mnt/file
	is "$who: one that is somewhere else" "$(inside "lxc.mount.entry = $h /somewhere/else none bind 0 0" -- /bin/echo started 2>/dev/null)" started
	like "$who: out of the container" "$(refused "lxc.mount.entry = $h ../../up none bind,create=dir 0 0")" "*..*"
	ok "$who: makes nothing there" test ! -e "$LXCPATH/up"
	as_caller "$RLXC" start -P "$LXCPATH" -F c -- /bin/ln -sfn /tmp /srv/link </dev/null
	like "$who: through a link" "$(refused "lxc.mount.entry = $h srv/link/x none bind,create=dir 0 0")" "*srv/link*"
	is "$who: private comes out shared" "$(inside "lxc.mount.entry = $h mnt none bind,private 0 0" -- /bin/sh -c 'grep " /mnt " /proc/self/mountinfo' | grep -c ' shared:')" 1
	# rbind takes what is mounted below
	if [ "$who" = root ]; then
		mount -t tmpfs tmpfs "$h/deep" && : >"$h/deep/mounted"
		is "$who: bind leaves out what is below" "$(inside "lxc.mount.entry = $h mnt none bind 0 0" -- /bin/ls /mnt/deep)" ""
		is "$who: rbind does not" "$(inside "lxc.mount.entry = $h mnt none rbind 0 0" -- /bin/ls /mnt/deep)" mounted
		not_ok "$who: rbind,ro" code "lxc.mount.entry = $h mnt none rbind,ro 0 0" -- /bin/sh -c ': >/mnt/x'
		umount "$h/deep"
	fi
	as_caller sh -c 'printf "# some\n%s mnt none bind,ro 0 0\n\ntmpfs opt tmpfs size=32k\n" "$1" >"$2/fstab"' sh "$h" "$LXCPATH"
	is "$who: mount.fstab" "$(inside "lxc.mount.fstab = $LXCPATH/fstab" -- /bin/sh -c 'ls -d /mnt/file; grep -c " /opt " /proc/self/mountinfo' | tr '\n' ' ')" "/mnt/file 1 "
	is "$who: before the entries" "$(inside "lxc.mount.entry = tmpfs mnt/deep tmpfs size=64k 0 0" "lxc.mount.fstab = $LXCPATH/fstab" -- /bin/sh -c "$info" | mounts /mnt | awk '{ print $1 }' | tr '\n' ' ')" "/mnt /mnt/deep "
	like "$who: no such fstab" "$(refused 'lxc.mount.fstab = /no/such')" "*/no/such*"

	not_ok "$who: rootfs.options = ro" code 'lxc.rootfs.options = ro' -- /bin/sh -c ': >/root/x'
	is "$who: and the rest works" "$(inside 'lxc.rootfs.options = ro' -- /bin/sh -c ': >/dev/shm/x && echo fine')" fine
	like "$who: in mountinfo" "$(inside 'lxc.rootfs.options = ro,nodev' -- /bin/sh -c "$info" | mounts / | head -n 1)" "/ * ro,*nodev*"
	like "$who: nonsense there" "$(refused 'lxc.rootfs.options = optional')" "*lxc.rootfs.options*"
	is "$who: nothing of the host is seen" "$(inside -- /bin/sh -c "$info" | awk '{ print $5 }' | grep -cv '^/$\|^/dev\|^/proc\|^/sys')" 0
}

terminals()
{
	is "$who: tty.max" "$(inside 'lxc.tty.max = 3' -- /bin/sh -c 'ls /dev | grep "^tty[0-9]" | wc -l; test -c /dev/tty3 && echo there' | tr '\n' ' ')" "3 there "
	is "$who: tty.max = 0" "$(inside 'lxc.tty.max = 0' -- /bin/sh -c 'ls /dev | grep -c "^tty[0-9]"')" 0
	is "$who: tty.dir" "$(inside 'lxc.tty.max = 1' 'lxc.tty.dir = lxc' -- /bin/sh -c 'readlink /dev/tty1; test -c /dev/lxc/tty1 && test -c /dev/lxc/console && test -c /dev/console && echo there' | tr '\n' ' ')" "lxc/tty1 there "
	is "$who: pty.max" "$(inside 'lxc.pty.max = 5' 'lxc.tty.max = 0' -- /bin/sh -c 'grep " /dev/pts " /proc/self/mountinfo' | grep -c 'max=[56]')" 1
	is "$who: /dev/pts" "$(inside -- /bin/sh -c 'grep " /dev/pts " /proc/self/mountinfo' | grep -c 'nosuid,noexec.*mode=620,ptmxmode=666')" 1
	is "$who: a new pty" "$(inside -- /bin/sh -c 'test -c /dev/ptmx && ls -l /dev/ptmx' | grep -c ptmx)" 1
	is "$who: autodev" "$(inside 'lxc.tty.max = 0' 'lxc.mount.entry =' -- /bin/ls /dev | tr '\n' ' ')" \
		"console fd full null ptmx pts random stderr stdin stdout tty urandom zero "
	is "$who: its devices work" "$(inside -- /bin/sh -c 'echo x >/dev/null; head -c 3 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; echo x 2>/dev/null >/dev/full || echo full' | tr '\n' ' ')" "3 4 full "
	is "$who: anybody may use them" "$(inside 'lxc.init.uid = 5' -- /bin/sh -c 'echo x >/dev/null && echo fine')" fine
	is "$who: its mount" "$(inside 'lxc.mount.entry =' -- /bin/cat /proc/self/mountinfo | mounts /dev | grep '^/dev ' | cut -d' ' -f1-3)" "/dev tmpfs rw,nosuid,relatime"
	is "$who: its mode" "$(inside -- /bin/stat -c %a /dev)" 755
	is "$who: autodev.tmpfs.size" "$(inside 'lxc.autodev.tmpfs.size = 1000000' -- /bin/sh -c 'df -k /dev | awk "NR == 2 { print \$2 }"')" 980
	is "$who: autodev = 0" "$(inside 'lxc.autodev = 0' 'lxc.mount.entry =' -- /bin/sh -c 'grep -c " /dev tmpfs\| /dev rw" /proc/self/mountinfo')" 0
	like "$who: autodev = 2" "$(refused 'lxc.autodev = 2')" "*lxc.autodev*"
}

logging()
{
	as_caller rm -rf "$LXCPATH/log"
	inside "lxc.log.file = $LXCPATH/log/file" 'lxc.log.level = DEBUG' -- /bin/true
	like "$who: log.file and log.level" "$(cat "$LXCPATH/log/file")" "*DEBUG*state RUNNING*"
	is "$who: its mode" "$(stat -c %a "$LXCPATH/log/file")" 640
	inside "lxc.log.file = $LXCPATH/log/other" 'lxc.log.level = ERROR' -- /bin/true
	is "$who: log.level = ERROR" "$(cat "$LXCPATH/log/other")" ""
	like "$who: no such level" "$(refused 'lxc.log.level = LOUD')" "*LOUD*"
	as_caller sh -c 'printf "lxc.include = %s/c/config\nlxc.log.file = %s/log/config\nlxc.log.level = TRACE\n" "$1" "$1" >"$1/conf"' sh "$LXCPATH"
	lxc start -n c -f "$LXCPATH/conf" -F -o "$LXCPATH/log/line" -l DEBUG -- /bin/true </dev/null
	like "$who: -o is stronger" "$(cat "$LXCPATH/log/line")" "*state RUNNING*"
	ok "$who: the other one stays empty" test ! -s "$LXCPATH/log/config"
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	identity
	namespaces
	capabilities
	resources
	auto_mounts
	entries
	terminals
	logging
}

each_caller checks root user bare
finish
