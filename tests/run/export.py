#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""export.py make DIR: fills it with files that have everything a file can have.
export.py sum DIR: all of that in text, a line for each file, as whoever runs this sees it. Sockets and
device nodes, which no archive brings back for everybody, are left out.
export.py hostile OUT STORE: archives of containers that mean harm, and a list: NAME, what the refusal says,
and a word: trust (with --trust it is taken), unnamed (imported without a name), accept (it is taken)."""
import hashlib
import io
import json
import os
import socket
import stat
import struct
import sys
import tarfile

CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)  # net_bind_service
UID, GID = 1234, 1235  # that have no name on the host, which tar would write into ACLs


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
ACCESS = acl((1, 7, NOBODY), (2, 4, UID), (2, 6, UID + 1), (4, 5, NOBODY), (8, 1, GID), (16, 7, NOBODY), (32, 0, NOBODY))
DEFAULT = acl((1, 7, NOBODY), (2, 5, 0), (4, 5, NOBODY), (16, 5, NOBODY), (32, 1, NOBODY))


def write(path, data=b"data\n", mode=0o644, uid=0, gid=0):
    with open(path, "wb") as file:
        file.write(data)
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def make(top):
    os.chdir(top)
    os.umask(0o022)
    for name in b"dir", b"dir/empty", b"dir/acl", b"closed", b"sticky", b"etc":
        os.makedirs(name, exist_ok=True)
    write("etc/hostname", b"as-it-was\n")
    write("empty", b"")
    write("owned", uid=UID, gid=GID, mode=0o640)
    write("last-id", uid=999, gid=4999)
    write("setuid", mode=0o4755)
    write("setgid", uid=UID, gid=GID, mode=0o2711)
    write("large", bytes(range(256)) * 4096 + b"end")
    write("closed/inside", uid=UID)
    for name in (b"blank name", b"new\nline", b"back\\slash", b"not-utf8-\xff\xfe", "\u00fcml\u00e4ut".encode(),
                 b"n" * 200, b"dir/" + b"l" * 250):
        write(name)
    deep = b"deep"
    for _ in range(60):
        os.mkdir(deep)
        deep += b"/l"
    write(deep)
    os.symlink("/nowhere/at/all", "absolute")
    os.symlink("t" * 300, "long-target")
    os.symlink("large", "owned-link")
    os.lchown("owned-link", UID, GID)
    os.mkfifo("fifo")
    os.chmod("fifo", 0o620)
    os.mknod("whiteout", stat.S_IFCHR, 0)
    socket.socket(socket.AF_UNIX).bind("socket")
    if os.path.exists("/dev/null") and "--devices" in sys.argv:
        os.mknod("node", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(7, 200))
    os.link("owned", "dir/other-name")
    os.link("owned", "third-name")
    with open("sparse", "wb") as file:
        for at in 0, 3 << 20, 9 << 20:
            file.seek(at)
            file.write(b"x" * 70000)
        file.truncate(12 << 20)
    with open("hole", "wb") as file:
        file.truncate(5 << 20)
    write("capable", mode=0o755)
    write("acl", mode=0o700, uid=UID)
    attributes = [("capable", "security.capability", CAPABILITY), ("owned", "user.test", b"bin\0ary"),
                  ("dir", "user.of.a.directory", b""), ("dir", "user.overlay.opaque", b"y"), ("acl", "system.posix_acl_access", ACCESS),
                  ("dir/acl", "system.posix_acl_access", ACCESS)]
    write("dir/acl/before")
    attributes.append(("dir/acl", "system.posix_acl_default", DEFAULT))
    for path, name, value in attributes:
        os.setxattr(path, name, value)
    os.chmod("sticky", 0o1777)
    os.chmod("closed", 0)
    os.chown("dir/empty", UID, GID)
    times = 1, 1234567890123456789, 4102444800 * 10**9 + 7
    for path in found(b"."):
        os.utime(path, ns=(0, times[len(path) % len(times)]), follow_symlinks=False)


def found(top):
    yield top
    for base, dirs, files in os.walk(top):
        for name in dirs + files:
            yield os.path.join(base, name)


def pieces(path, size):
    """Where data is."""
    at, result = 0, []
    with open(path, "rb") as file:
        while at < size:
            try:
                data = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(file.fileno(), data, os.SEEK_HOLE)
            result.append((data, at))
    return result


def describe(path, groups):
    st = os.lstat(path)
    line = [os.fsdecode(path).encode("ascii", "backslashreplace").decode(), oct(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns]
    if stat.S_ISLNK(st.st_mode):
        line.append(os.readlink(path).decode())
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            line += [st.st_size, hashlib.sha256(file.read()).hexdigest(), pieces(path, st.st_size)]
        line.append(groups.setdefault((st.st_dev, st.st_ino), line[0]))
    if stat.S_ISREG(st.st_mode) or stat.S_ISDIR(st.st_mode):
        names = sorted(name for name in os.listxattr(path) if not name.startswith(("security.selinux", "trusted.")))
        line.append({name: os.getxattr(path, name).hex() for name in names})
    return json.dumps(line)


def is_left_out(path):
    st = os.lstat(path)
    return stat.S_ISSOCK(st.st_mode) or stat.S_ISBLK(st.st_mode) or (stat.S_ISCHR(st.st_mode) and st.st_rdev)


def print_sum(top):
    groups = {}
    os.chdir(top)
    for path in sorted(found(b".")):
        if not is_left_out(path):
            print(describe(path, groups))


def hostile(out, store):
    cases = []

    def member(name, data=b"", type=tarfile.REGTYPE, link="", **more):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = type, link, len(data)
        for key, value in more.items():
            setattr(info, key, value)
        return info, data

    def folder(name):
        return member(name, type=tarfile.DIRTYPE, mode=0o755)

    def case(name, says, members, options=""):
        with tarfile.open(os.path.join(out, name + ".tar"), "w") as tar:
            for info, data in members:
                tar.addfile(info, io.BytesIO(data))
        cases.append("%s\t%s\t%s" % (name, says, options))

    def config(name, says, text, options="", more=()):
        case(name, says, [folder("c"), member("c/config", text.encode()), folder("c/rootfs"), *more], options)

    def snapshot(name, says, text, options="", called="s", more=()):
        marker = "rlxc-export 1\nids host\npath /c\n"
        case(name, says,
             [member("c/.rlxc-export", (marker + "snapshot %s\n" % called).encode()), member("c/config", net.encode()),
              member("c/snaps/s/.rlxc-export", marker.encode()), member("c/snaps/s/config", text.encode()),
              folder("c/rootfs"), folder("c/snaps/s/rootfs"), *more], options)

    net = "lxc.net.0.type = empty\n"
    config("hook", "acts on this host: 'lxc.hook.pre-start = ", "lxc.hook.pre-start = /bin/true\n", "trust")
    config("script", "lxc.net.0.script.up", net + "lxc.net.0.script.up = /bin/true\n", "trust")
    config("log", "lxc.log.file", "lxc.log.file = /tmp/a-file\n", "trust")
    config("console", "lxc.console.logfile", "lxc.console.logfile = /tmp/a-file\n", "trust")
    config("network", "lxc.net.0.type", "lxc.net.0.type = none\n", "trust")
    config("mount-out", "lxc.mount.entry", "lxc.mount.entry = %s/c/../../x x none bind\n" % store, "trust")
    config("log-link", "lxc.log.file", "lxc.log.file = %s/c//rootfs/l\n" % store, "trust",
           [member("c/rootfs/l", type=tarfile.SYMTYPE, link="/tmp/a-file")])
    config("mount", "lxc.mount.entry", "lxc.mount.entry = /home home none bind\n", "trust")
    config("old-key", "lxc.mount.fstab", "lxc.mount = /etc/fstab\n", "trust")
    config("namespace", "lxc.namespace.share.net", "lxc.namespace.share.net = 1\n", "trust")
    for name, line in (
            ("mount-cwd", "lxc.mount.entry = ../../../../../etc x none bind"),
            ("mount-escaped", "lxc.mount.entry = \\134etc x none bind"),
            ("mount-layers", "lxc.mount.entry = overlay x overlay lowerdir=/etc:/usr"),
            ("mount-own", "lxc.mount.entry = %s/c/. x none bind,idmap=container" % store),
            ("log-config", "lxc.console.logfile = %s/c/config" % store),
            ("log-below", "lxc.console.logfile = %s/c/hooks/x.log" % store),
            ("fstab-log", "lxc.mount.fstab = %s/c/x.log" % store),
            ("fstab-rotated", "lxc.mount.fstab = %s/c/x.log.1" % store),
            ("fstab-layer", "lxc.mount.fstab = %s/c/overlay/delta/t" % store),
            ("console-own", "lxc.console.path = %s/c/x.log" % store),
            ("mount-auto", "lxc.mount.auto = proc shmounts:/etc:/mnt"),
            ("clone", "lxc.namespace.clone = user mnt pid"),
            ("variable", "lxc.environment = PATH"),
            ("keyring", "lxc.keyring.session = 1"),
            ("sysctl", "lxc.sysctl.kernel.core_pattern = |/x"),
            ("log-cwd", "lxc.log.file = ../../../a-file"),
            ("keep", "lxc.namespace.keep = net"),
            ("groups", "lxc.init.groups = keep"),
            ("profile", "lxc.apparmor.raw = }"),
            ("hook-environment", "lxc.environment.hooks = LD_PRELOAD=/x"),
            ("include-later", "lxc.include = %s/nobody-has-it-yet/" % store),
            ("include-up", "lxc.include = /usr/share/lxc/../../../etc/passwd")):
        config(name, "acts on this host: '%s = " % line.split()[0], line + "\n")
    config("route", "acts on this host: 'lxc.net.0.veth.ipv4.route = ",
           "lxc.net.0.type = veth\nlxc.net.0.veth.ipv4.route = 192.0.2.0/24\n")
    config("fstab", "acts on this host: 'lxc.mount.fstab = ",
           "lxc.rootfs.path = dir:/old/c/rootfs\nlxc.mount.fstab = /old/c/fstab\n", "trust",
           [member("c/fstab", b"proc proc proc\n/etc x none bind\n")])
    # What is included comes with the archive itself.
    config("include", "acts on this host: 'lxc.include = ", "lxc.include = %s/c/more/\n" % store, "",
           [folder("c/more"), member("c/more/x.conf", b"lxc.hook.pre-start = /bin/true\n")])
    config("no-key", "unknown key", "lxc.no.such = 1\n")
    config("binary", "is no text", "lxc.uts.name = c\n\0\0")
    sparse = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "c/rootfs/f",
              "GNU.sparse.size": str(1 << 41), "GNU.sparse.map": "0,1"}
    config("huge", "is too large*hint: *--trust", net, "trust", [member("c/rootfs/f", b"x", pax_headers=sparse)])
    config("symlink-out", "a symbolic link is on its way", net, "",
           [member("c/rootfs/l", type=tarfile.SYMTYPE, link="/tmp"), member("c/rootfs/l/x", b"harm")])
    config("dotdot", "contains '..'", net, "", [member("c/rootfs/../../../x", b"harm")])
    config("hardlink-out", "leads out", net, "", [member("c/rootfs/l", type=tarfile.LNKTYPE, link="c/config")])
    config("marker", "makes no sense", net, "", [member("c/.rlxc-export", b"something else")])
    config("later", "by a later rlxc", net, "", [member("c/.rlxc-export", b"rlxc-export 77\n")])
    snapshot("snapshot-hook", "acts on this host: 'lxc.hook.pre-start = ", "lxc.hook.pre-start = /bin/true\n", "trust")
    snapshot("snapshot-log", "lxc.log.file", "lxc.log.file = %s/c/config\n" % store, "trust")
    snapshot("snapshot-key", "unknown key", "lxc.no.such = 1\n")
    snapshot("snapshot-missing", "lacks snapshot 't'", net, called="t")
    snapshot("snapshot-name", "cannot be the name", net, called="../s")
    snapshot("snapshot-link", "a symbolic link is on its way", net,
             more=[member("c/snaps/s/rootfs/l", type=tarfile.SYMTYPE, link="/tmp"),
                   member("c/snaps/s/rootfs/l/x", b"harm")])
    case("overlay", "lacks the root file system", [member("c/config", b"lxc.rootfs.path = overlay:/a:/b\n")])
    case("elsewhere", "lacks the root file system", [member("c/config", b"lxc.rootfs.path = /srv/rootfs\n")])
    case("no-name", "what the container is called", [member("config", net.encode()), folder("rootfs")], "unnamed")
    case("bad-name", "name", [member("-c/config", net.encode()), folder("-c/rootfs")], "unnamed")
    case("no-container", "holds no container", [folder("etc"), member("etc/passwd", b"x")])
    # Taken, but for what is not its own to bring.
    config("own", "-", net + "lxc.log.file = %s/c/c.log\nlxc.mount.fstab = %s/c/fstab\nlxc.console.path = none\n"
           "lxc.environment = A=b\n"
           % (store, store), "accept",
           [member("c/.rlxc", b"idmap u 0 0 1\n"), member("c/partial", b"x"), member("c/lxc_snapshots", b"1"),
            member("c/setuid", b"x", mode=0o6755), member("c/link", type=tarfile.SYMTYPE, link="/etc/passwd"),
            member("c/fstab", b"#", mode=0o640, uid=12345), folder("c/hooks"), member("c/hooks/h", b"x", mode=0o755)])
    with open(os.path.join(out, "cases"), "w", encoding="ascii") as file:
        file.write("\n".join(cases) + "\n")


{"make": make, "sum": print_sum, "hostile": hostile}[sys.argv[1]](*[word for word in sys.argv[2:] if word[0] != "-"])
