#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers inside a container, and once more inside those: by its root without and with id maps
# of its own, and by an ordinary user in there.
. "$(dirname "$0")/lib.sh"
: "${top_srcdir:=}" "${who:=}" # from lib.sh
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

# Our programs, below one directory that the containers get.
programs=$(dirname "$RLXC")
place=/opt/rlxc/bin
if [ ! -e "$programs/rlxc-init" ]; then
	programs=$(dirname "$programs")
	place=/opt/rlxc
	[ -e "$programs/libexec/lxc/rlxc-init" ] || skip "$RLXC is neither in its build directory nor installed"
fi

mkdir "$TMP/steps"
cp "$top_srcdir/etc/nesting.conf" "$TMP/steps/nesting.conf"
# Without the word for cgroups: those the test chooses.
printf 'lxc.net.0.type = empty\n' >"$TMP/steps/plain.conf"

# What is done inside. Says "ok WHAT" or "not ok WHAT" for each step.
cat >"$TMP/steps/inside.sh" <<'EOT'
#!/bin/sh
# inside.sh LEVEL HOME CONFIGURATION CGROUP
level=$1 home=$2 configuration=$3 cgroup=$4
export HOME="$home" PATH=/opt/rlxc/bin:/sbin:/usr/sbin:/bin:/usr/bin

check()
{
	what=$1
	shift
	if timeout 30 "$@" >"$home/output" 2>&1 </dev/null; then
		echo "ok $what"
	else
		echo "not ok $what"
		sed 's/^/# /' "$home/output"
	fi
}

is()
{
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		echo "# got '$2', not '$3'"
	fi
}

lxc()
{
	command=$1
	shift
	timeout 30 rlxc "$command" -P "$home/lxc" -n c "$@" </dev/null
}

count()
{
	find /sys/fs/cgroup -path "*/lxc.*.c/cgroup.freeze" 2>/dev/null | wc -l
}

cat >"$home/config" <<-END
	lxc.include = /mnt/plain.conf
	lxc.include = $configuration
END
chmod 755 "$home"
check create rlxc create -P "$home/lxc" -n c -f "$home/config" -t busybox
# The template's own words come after what the configuration includes.
cat >>"$home/lxc/c/config" <<-END
	lxc.include = /mnt/nesting.conf
	lxc.mount.entry = /opt/rlxc opt/rlxc none rbind,create=dir 0 0
	lxc.mount.entry = /mnt mnt none bind,create=dir 0 0
END
check start rlxc start -P "$home/lxc" -n c
is state "$(lxc info -sH)" RUNNING
is attach "$(lxc attach -- /bin/sh -c 'echo $((6 * 7))')" 42
is "a procfs of its own" "$(lxc attach -- sh -c 'cat /proc/1/comm')" init
is "its processes alone" "$(lxc attach -- sh -c 'grep -l "insid[e].sh" /proc/[0-9]*/cmdline' | wc -l)" 0
is "pid 1 inside is another" "$([ "$(lxc attach -- readlink /proc/1/ns/pid)" = "$(readlink /proc/1/ns/pid)" ] && echo same)" ""
if [ "$cgroup" = yes ]; then
	is "cgroups below the container's own" "$(count)" 2
	is "it is the root of what is seen inside" "$(lxc attach -- sed -n 's/^0:://p' /proc/self/cgroup)" /
	check freeze rlxc freeze -P "$home/lxc" -n c
	is "it is frozen" "$(lxc info -sH)" FROZEN
	check unfreeze rlxc unfreeze -P "$home/lxc" -n c
fi
if [ $level -lt 2 ]; then
	lxc attach -- sh -c "mkdir -p /root/in; exec sh /mnt/inside.sh $((level + 1)) /root/in /mnt/plain.conf $cgroup" |
		sed 's/^\(not ok\|ok\) /&deeper: /'
fi
check stop rlxc stop -P "$home/lxc" -n c -k
is "state at the end" "$(lxc info -sH)" STOPPED
check destroy rlxc destroy -P "$home/lxc" -n c
is "nothing is left" "$(ls "$home/lxc")" ""
[ "$cgroup" != yes ] || is "no cgroup either" "$(count)" 0
echo "ok end"
EOT
cat >"$TMP/steps/mapped.conf" <<'EOF'
lxc.idmap = u 0 1000 1000
lxc.idmap = g 0 1000 1000
EOF
chmod -R a+rX "$TMP/steps"

# steps WHAT COMMAND...: each line of the answer is a result
steps()
{
	steps_what=$1
	shift
	"$@" >"$TMP/.steps" 2>&1 </dev/null
	while IFS= read -r line; do
		case $line in
		"ok "*) test_result 0 "$who: $steps_what: ${line#ok }" ;;
		"not ok "*) test_result 1 "$who: $steps_what: ${line#not ok }" ;;
		*) echo "# ${line###}" ;;
		esac
	done <"$TMP/.steps"
	is "$who: $steps_what: all steps were done" "$(grep -c '^ok end' "$TMP/.steps")" 1
}

attach()
{
	lxc attach -n outer -- "$@" </dev/null
}

nested()
{
	cgroup=no
	! has_cgroup || cgroup=yes
	lxc create -n outer -f "$TMP/steps/plain.conf" -t busybox >/dev/null 2>"$TMP/.create" ||
		sed 's/^/# /' "$TMP/.create"
	as_caller tee -a "$LXCPATH/outer/config" >/dev/null <<-END
		lxc.mount.entry = $programs ${place#/} none bind,ro,create=dir 0 0
		lxc.mount.entry = $TMP/steps mnt none bind,ro,create=dir 0 0
	END
	covered
	as_caller tee -a "$LXCPATH/outer/config" >/dev/null <<-END
		lxc.include = $TMP/steps/nesting.conf
	END
	ok "$who: the outer one starts" lxc start -n outer
	like "$who: there is a procfs in full view" "$(attach grep -c ' /dev/.lxc/proc proc rw,nosuid,nodev,noexec' /proc/mounts)" 1
	steps "root inside" attach sh -c "mkdir -p /root/a && exec sh /mnt/inside.sh 1 /root/a /mnt/plain.conf $cgroup"
	steps "root with a map" attach sh -c "chmod 755 /root && mkdir -p /root/b && exec sh /mnt/inside.sh 2 /root/b /mnt/mapped.conf $cgroup"
	attach sh -c 'echo "user:x:1000:1000::/home/user:/bin/sh" >>/etc/passwd; echo "user:x:1000:" >>/etc/group
		mkdir -p /home/user && chown 1000:1000 /home/user && chmod 1777 /tmp'
	steps "a user inside" attach su user -c "sh /mnt/inside.sh 2 /home/user /mnt/plain.conf no"
	listed
	ok "$who: the outer one stops" lxc stop -k -n outer
	ok "$who: and goes" lxc destroy -n outer
}

# Seen from outside, each level from the one above
listed()
{
	attach sh -c 'export PATH=/opt/rlxc/bin:$PATH
		printf "%s\n" "lxc.include = /mnt/plain.conf" "lxc.mount.entry = /opt/rlxc opt/rlxc none rbind,create=dir 0 0" \
			"lxc.mount.entry = /mnt mnt none bind,create=dir 0 0" >/root/inner.conf
		rlxc create -n inner -f /root/inner.conf -t busybox && rlxc start -n inner &&
			rlxc attach -n inner -- env PATH=$PATH rlxc create -n leaf -f /mnt/plain.conf -t busybox' >/dev/null 2>"$TMP/.create" ||
		sed 's/^/# /' "$TMP/.create"
	is "$who: ls, one level" "$(lxc ls -1 --nesting=1)" "$(printf 'outer\nouter/inner')"
	is "$who: ls, as a table" "$(lxc ls -f -F NAME,STATE --nesting=1 | sed 's/ *$//')" \
		"$(printf 'NAME   STATE\nouter  RUNNING\n\\inner RUNNING')"
	is "$who: ls from inside" "$(attach sh -c 'PATH=/opt/rlxc/bin:$PATH; rlxc ls -1 --nesting' 2>&1)" \
		"$(printf 'inner\ninner/leaf')"
	is "$who: ls without the option" "$(lxc ls -1)" outer
	attach sh -c 'PATH=/opt/rlxc/bin:$PATH; rlxc stop -k -n inner; rlxc destroy -n inner' >/dev/null
}

# In a user namespace of its own an inner container gets no procfs when ours has covered parts.
covered()
{
	lxc start -n outer >/dev/null 2>&1
	like "$who: without nesting.conf the message names it" \
		"$(attach sh -c 'mkdir /root/c; export HOME=/root/c PATH=/opt/rlxc/bin:$PATH; chmod 755 /root /root/c
		cat /mnt/plain.conf /mnt/mapped.conf >/root/c/config
		rlxc create -P /root/c/lxc -n c -f /root/c/config -t busybox >/dev/null
		rlxc start -P /root/c/lxc -n c; rlxc destroy -f -P /root/c/lxc -n c' 2>&1)" "*too revealing*nesting.conf*"
	lxc stop -k -n outer >/dev/null 2>&1
}

each_caller nested
finish
