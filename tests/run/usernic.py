# SPDX-License-Identifier: LGPL-2.1-or-later
"""usernic.py SECTION...: checks of lxc-user-nic, see usernic.sh. Runs as root in new mount, network
and pid namespaces. ANN and BEN are two users, both in the group GANG, that exist in this /etc only.
Prints TAP."""
import ctypes
import errno
import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

from setuid import (finish, install_as, lines_of, ok, policy_of, private_dev, results, same, sh,
                    write)

HELPER = "/run/bin/lxc-user-nic"
STATE = "/run/lxc/nics.d"
MASKED = "lxc-user-nic: not permitted\n"


class User:
    def __init__(self, name, uid, groups=()):
        self.name, self.uid, self.groups = name, uid, list(groups)
        self.prefix = f"veth{uid}_" if uid <= 65536 else "veth00024"

    @property
    def file(self):
        return f"{STATE}/{self.uid}"


MEASURED = os.environ.get("MEASURED")  # built without a filter, and with counters
GANG = 52100
ANN = User("ann", 52001, [GANG])
BEN = User("anna", 52002, [GANG])  # a name that begins like the other
BIG = User("big", 70001)           # an id beyond LXC's form of names
ROOT = User("root", 0)


# ---- the world -----------------------------------------------------------------------------------

def read(path):
    try:
        with open(path, encoding="latin-1") as file:
            return file.read()
    except OSError:
        return ""


def policy(text, **how):
    write(POLICY, text, **how)


def logged():
    return lines_of(LOG)


def install(mode=0o4755, uid=0, path=HELPER):
    return install_as(path, os.environ["USERNIC"], mode, uid)


def make_world():
    global LOG, POLICY
    etc = os.environ["TMP"] + "/etc"
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True,
                    ignore=lambda d, names: [n for n in names if stat.S_ISSOCK(
                        os.lstat(f"{d}/{n}").st_mode)])
    os.chmod(etc, 0o755)
    sh("mount", "--bind", etc, "/etc")
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run")
    for name in "bin", "test":
        os.mkdir("/run/" + name)
    for user in ANN, BEN, BIG:
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.write(f"{user.name}:x:{user.uid}:{user.uid}::/:/bin/sh\n")
        with open("/etc/group", "a", encoding="ascii") as file:
            file.write(f"{user.name}:x:{user.uid}:\n")
    with open("/etc/group", "a", encoding="ascii") as file:
        file.write(f"gang:x:{GANG}:ann,anna\n")
    with open("/etc/nsswitch.conf", "w", encoding="ascii") as file:
        file.write("passwd: files\ngroup: files\n")
    os.makedirs("/etc/lxc", exist_ok=True)
    POLICY = policy_of(os.environ["USERNIC"], "lxc-usernet")
    directory = os.path.dirname(POLICY)
    if not directory.startswith("/etc/"):
        if not os.path.isdir(directory):
            print(f"1..0 # SKIP no {directory}")
            os._exit(77)
        sh("mount", "-t", "tmpfs", "-o", "mode=755", "policy", directory)
    LOG = private_dev(["null", "zero", "full", "random", "urandom", "kmsg", "net/tun"])
    install()
    sh("ip", "link", "set", "lo", "up")
    for bridge in "tbr0", "tbr1":
        sh("ip", "link", "add", bridge, "type", "bridge")
        sh("ip", "link", "set", bridge, "up")
    sh("ip", "link", "set", "tbr0", "mtu", "1400")
    reset()


DEFAULT = """# a comment
ann veth tbr0 2
anna veth tbr0 2
@gang veth tbr1 1
"""


def reset(text=DEFAULT):
    """As after the host has started."""
    end_sleepers()
    sh("rm", "-rf", "/run/lxc")
    policy(text)
    logged()


# ---- users' processes ----------------------------------------------------------------------------

def become(user):
    def change():
        os.setgroups(user.groups)
        os.setresgid(user.uid, user.uid, user.uid)
        os.setresuid(user.uid, user.uid, user.uid)
    return change


sleepers = []


def sleeper(user, words=("unshare", "-U", "-r", "-n", "sleep", "1000")):
    """A process with a network namespace below a user namespace of its own."""
    before = os.readlink("/proc/self/ns/net")
    process = subprocess.Popen(words, preexec_fn=become(user), start_new_session=True,
                               stdin=subprocess.DEVNULL)
    sleepers.append(process)
    if not wait_for(lambda: os.readlink(f"/proc/{process.pid}/ns/net") != before
                    and read(f"/proc/{process.pid}/comm") == "sleep\n"):
        raise RuntimeError("no sleeper")
    return process.pid


def plain_sleeper(user):
    process = subprocess.Popen(["sleep", "1000"], preexec_fn=become(user), start_new_session=True)
    sleepers.append(process)
    return process.pid


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return False


def end_sleepers(pids=None):
    for process in list(sleepers):
        if pids is None or process.pid in pids:
            process.kill()
            process.wait()
            sleepers.remove(process)
    wait_for(lambda: pids is not None or not veths())


def links(pid=None):
    enter = ["nsenter", "-t", str(pid), "-n"] if pid else []
    return {link["ifname"]: link for link in json.loads(sh(*enter, "ip", "-d", "-j", "link"))}


def veths(user=None):
    return sorted(name for name in os.listdir("/proc/sys/net/ipv4/conf")
                  if name.startswith(user.prefix if user else "veth"))


def call(user, *words, program=HELPER, prepare=None, timeout=30, **how):
    def change():
        become(user)()
        if prepare:
            prepare()
    how.setdefault("stdin", subprocess.DEVNULL)
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    how.setdefault("env", {})
    process = subprocess.Popen([program, *words], preexec_fn=change, **how)
    out, err = process.communicate(timeout=timeout)
    process.out = out.decode() if out is not None else None
    process.err = err.decode() if err is not None else None
    return process


def create(user, target, bridge="tbr0", *nic, **how):
    return call(user, "create", "/home/x/lxc", "c1", str(target), "veth", bridge, *nic, **how)


def delete(user, nic, bridge="tbr0", target="-", kind="veth", **how):
    return call(user, "delete", "/home/x/lxc", "c1", target, kind, bridge, nic, **how)


def made(what, result):
    """Its host name, when it did what it should."""
    match = re.fullmatch(r"([\w.-]+):(\d+):(\w+):(\d+)\n", result.out or "")
    ok(what, result.returncode == 0 and match and not result.err, result.returncode, result.out,
       result.err)
    return match[3] if match else None


def refused(what, result, message):
    return ok(what, result.returncode == 1 and not result.out
              and result.err == f"lxc-user-nic: {message}\n", result.returncode, result.out,
              result.err)


def records(path):
    return [line.split() for line in read(path).splitlines()[1:]]


def with_records(text, *lines):
    """The text of such a file, and more lines."""
    lines = [*lines, *text.splitlines()[1:]]
    return f"1 {len(lines)}\n" + "".join(line + "\n" for line in lines)


def snapshot(*pids):
    files = {path: (read(path), os.lstat(path).st_mode) for path in sorted(glob.glob(STATE + "/*"))
             if not path.endswith(".lock")}
    return (sorted(links()), files, [sorted(links(pid)) for pid in pids])


def consistent(what, *users):
    """Each live link is recorded, with its number; each record is of a live link, or is a
    reservation; files are root's; no temporary one is left."""
    here = links()
    known = {}
    for path in glob.glob(STATE + "/*"):
        st = os.lstat(path)
        if path.endswith(".bad"):
            continue
        if not stat.S_ISREG(st.st_mode) or st.st_uid or st.st_mode & 0o777 != 0o600 or \
                path.endswith(".tmp"):
            return ok(what, False, path, oct(st.st_mode), st.st_uid)
        if path.endswith(".lock"):
            continue
        for _, _, _, nic, ifindex in records(path):
            known[nic] = int(ifindex)
            if int(ifindex) and (nic not in here or here[nic]["ifindex"] != int(ifindex)):
                return ok(what, False, path, nic, ifindex)
    for user in users:
        for nic in veths(user):
            if nic not in known:
                return ok(what, False, nic, known)
    return ok(what, True)


# ---- what it is for ------------------------------------------------------------------------------

def section_use():
    reset()
    ann = sleeper(ANN)
    result = create(ANN, ann)
    nic = made("create", result)
    host, inside = links()[nic], links(ann)["eth0"]
    same("the answer says both", result.out,
         f"eth0:{inside['ifindex']}:{nic}:{host['ifindex']}\n")
    ok("its name is its owner's", re.fullmatch(r"veth52001_[0-9A-Za-z]{4}", nic), nic)
    same("it is on the bridge", host.get("master"), "tbr0")
    ok("it is up", "UP" in host["flags"], host)
    same("both have the bridge's MTU", (host["mtu"], inside["mtu"]), (1400, 1400))
    ok("its address is no reason for the bridge to change its own", host["address"][:3] == "fe:",
       host)
    ok("the other end is not up yet", "UP" not in inside["flags"], inside)
    ok("it is recorded", records(ANN.file)[0] ==
       ["52001", "veth", "tbr0", nic, str(host["ifindex"])], read(ANN.file))
    same("the log says so", logged(), [f"<38>lxc-user-nic: user 52001 gets {nic} on tbr0"])
    made("a second one", create(ANN, ann))
    ok("is called eth1", "eth1" in links(ann), sorted(links(ann)))
    refused("a third is too many", create(ANN, ann), "quota reached")
    ok("which the log knows", "quota reached" in logged()[-1])
    same("and leaves nothing", (len(veths()), len(links(ann))), (2, 3))
    made("another user has a quota of their own", create(BEN, sleeper(BEN)))
    end_sleepers([ann])
    ok("the end of the namespace is the end of both", wait_for(lambda: not veths(ANN)))
    ann = sleeper(ANN)
    made("and makes room", create(ANN, ann, "tbr0", "web0"))
    ok("a name of one's own", "web0" in links(ann), sorted(links(ann)))
    same("stale records are gone", len(records(ANN.file)), 1)
    before = snapshot(ann)
    refused("a name that is taken inside", create(ANN, ann, "tbr0", "web0"), "name taken")
    same("leaves nothing", snapshot(ann), before)
    made("the number in a name", create(ANN, ann, "tbr0", "web%d"))
    ok("is the next free one", "web1" in links(ann), sorted(links(ann)))

    print("# delete", flush=True)
    nic = veths(ANN)[0]
    result = delete(ANN, nic)
    ok("delete", (result.returncode, result.out, result.err) == (0, "", ""), result.err)
    ok("the link is gone", nic not in links())
    ok("its record, too", nic not in read(ANN.file))
    refused("it cannot go twice", delete(ANN, nic), "no such nic of yours")
    nic = veths(ANN)[0]
    same("delete by the path of the namespace",
         delete(ANN, nic, target=f"/proc/{ann}/ns/net").returncode, 0)
    made("by descriptor", by_fd(ANN, ann))

    print("# quotas of groups, and of nothing", flush=True)
    made("a group's", create(ANN, ann, "tbr1"))
    same("is recorded there, with who made it", records(f"{STATE}/g{GANG}")[0][:3],
         ["52001", "veth", "tbr1"])
    refused("is shared", create(BEN, sleeper(BEN), "tbr1"), "quota reached")
    nic = records(f"{STATE}/g{GANG}")[0][3]
    refused("a member cannot delete another's", delete(BEN, nic, "tbr1"), "no such nic of yours")
    same("but their own", delete(ANN, nic, "tbr1").returncode, 0)
    made("which makes room for all", create(BEN, sleeper(BEN), "tbr1"))
    reset("ann veth tbr0 1\n@gang veth tbr0 1\nann veth tbr0 1\nann veth none 1\nann veth tbr1 1\n"
          f"uid:{BIG.uid} veth none 1\n@gid:{GANG} veth tbr1 1\n")
    ann = sleeper(ANN)
    for i in range(3):
        made(f"lines add up, {i}", create(ANN, ann))
    refused("but no further", create(ANN, ann), "quota reached")
    same("two of the user's, one of the group's", (len(records(ANN.file)),
         len(records(f"{STATE}/g{GANG}"))), (2, 1))
    for i in range(2):
        made(f"bridges are counted apart, {i}", create(ANN, ann, "tbr1"))
    nic = made("attached to nothing", create(ANN, ann, "none"))
    ok("it has no master", "master" not in links()[nic] and links()[nic]["mtu"] == 1500)
    refused("which is counted as well", create(ANN, ann, "none"), "quota reached")
    same("and can go", delete(ANN, nic, "none").returncode, 0)
    big = sleeper(BIG)
    nic = made("an id beyond 65536", create(BIG, big, "none"))
    ok("has a name of the other form", re.fullmatch("veth00024bh[0-9A-Za-z]{4}", nic), nic)
    same("by which it is known", delete(BIG, nic, "none").returncode, 0)
    made("root needs no grant", create(ROOT, sleeper(ROOT)))
    same("usage", call(ANN).err[:21], "lxc-user-nic: usage: ")


def by_fd(user, pid, fd=9, **how):
    """A namespace that the caller has open."""
    def prepare():
        opened = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        os.dup2(opened, fd)
    return create(user, f"fd:{fd}", prepare=prepare, pass_fds=(fd,), **how)


# ---- who gets something --------------------------------------------------------------------------

def section_policy():
    reset()
    ann = sleeper(ANN)
    before = snapshot(ann)
    big = sleeper(BIG)
    refused("no line", create(BIG, big), "not permitted")
    refused("no line for that bridge", create(BEN, sleeper(BEN), "none"), "not permitted")
    refused("no such bridge", create(ANN, ann, "tbr9"), "not permitted")
    for text, what in (
            ("ann veth tbr0 0\n", "a quota of 0"), ("an veth tbr0 2\n", "a user ann begins like"),
            ("anna veth tbr0 2\n", "a user who begins like ann"), ("@ann veth tbr1 2\n", "own group"),
            ("@root veth tbr0 2\n", "a group one is not in"), ("@nogroup7 veth tbr0 2\n", "no group"),
            (" ann veth tbr0 2\n", "blanks in front"), ("ann veth tbr0\n", "three fields"),
            ("ann veth tbr0 x\n", "no number"), ("ann veth tbr0 -1\n", "-1"),
            ("ann veth tbr0 2\r\n", "a carriage return"), ("ann veth tbr0 65536\n", "too many"),
            ("ann empty tbr0 2\n", "another type"), ("ann veth tbr01 2\n", "a bridge like it"),
            ("ann veth tbr 2\n", "a bridge it begins like"), ("#ann veth tbr0 2\n", "a comment"),
            ("52001 veth tbr0 2\n", "a number is a name"), ("uid:52002 veth tbr0 2\n", "other uid"),
            ("uid:52001x veth tbr0 2\n", "no uid"), ("@gid:0 veth tbr0 2\n", "other gid"),
            ("@gid: veth tbr0 2\n", "no gid"), ("", "empty"),
            ("ann veth tbr0 2\n\0", "a NUL"), ("ann veth tbr0 2\n" + "#" * 600, "a long line"),
            ("ann veth tbr0 2\n" + "#\n" * 600000, "too large")):
        policy(text)
        refused("policy: " + what, create(ANN, ann), "not permitted")
    for number in [str(i) for i in range(3)]:
        policy(f"ann veth tbr9 {number}\n")
        refused(f"a bridge that is missing, {number}", create(ANN, ann, "tbr9"), "not permitted")
    policy("ann veth lo 2\n")
    refused("a bridge that is none", create(ANN, ann, "lo"), "not permitted")
    policy("ann veth tbr0 2\nnonsense\n")
    logged()
    made("other lines may be wrong", create(ANN, ann))
    ok("the log counts them", any("1 lines" in line for line in logged()))
    end_sleepers([ann])
    ann = sleeper(ANN)
    policy(DEFAULT)
    wait_for(lambda: not veths())

    def wrong(what, undo=None):
        logged()
        refused("policy: " + what, create(ANN, ann), "not permitted")
        ok("the log says why: " + what, any("root's alone" in line for line in logged()))
        os.chmod(os.path.dirname(POLICY), 0o755)
        os.chown(os.path.dirname(POLICY), 0, 0)
        if undo:
            undo()
        if os.path.isdir(POLICY) and not os.path.islink(POLICY):
            os.rmdir(POLICY)
        elif os.path.lexists(POLICY):
            os.unlink(POLICY)
        policy(DEFAULT)

    os.chmod(POLICY, 0o664)
    wrong("writable for a group")
    os.chmod(POLICY, 0o646)
    wrong("writable for all")
    os.chown(POLICY, ANN.uid, 0)
    wrong("owned by the user")
    os.rename(POLICY, POLICY + ".real")
    os.symlink(POLICY + ".real", POLICY)
    wrong("a symbolic link", lambda: os.unlink(POLICY + ".real"))
    os.unlink(POLICY)
    wrong("missing")
    os.unlink(POLICY)
    os.mkfifo(POLICY)
    wrong("a FIFO")
    os.unlink(POLICY)
    os.mkdir(POLICY)
    wrong("a directory")
    os.chmod(os.path.dirname(POLICY), 0o775)
    wrong("in a directory that a group may write")
    os.chown(os.path.dirname(POLICY), ANN.uid, 0)
    wrong("in a directory of the user")
    made("and right again", create(ANN, ann))
    end_sleepers([ann, big])
    wait_for(lambda: not veths())

    print("# the program itself", flush=True)
    ann = sleeper(ANN)
    before = snapshot(ann)
    not_root = "not installed set-user-ID root, or started where that has no effect"
    not_own = "not installed as root's own program"
    plain = install(0o755, path="/run/bin/plain")
    refused("not set-user-ID", create(ANN, ann, program=plain), not_root)
    other = install(0o4755, uid=BEN.uid, path="/run/bin/other")
    refused("set-user-ID of another", create(ANN, ann, program=other), not_root)
    refused("writable for a group", create(ANN, ann, program=install(0o4775, path="/run/bin/w")),
            not_own)
    refused("set-group-ID as well", create(ANN, ann, program=install(0o6755, path="/run/bin/g")),
            not_own)
    refused("without new privileges", create(
        ANN, ann, prepare=lambda: ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)), not_root)
    refused("below a user namespace", call(ANN, "-U", HELPER, "create", "/x", "c", str(ann), "veth",
                                           "tbr0", program="unshare"), not_root)
    policy("uid:65534 veth tbr0 2\n@gid:65534 veth tbr1 2\n")
    nobody = User("nobody", 65534)
    refused("nobody in particular", create(nobody, sleeper(nobody)), not_own)
    refused("nobody's group", create(User("ann", ANN.uid, [65534]), ann, "tbr1"), "not permitted")
    policy(DEFAULT)
    result = call(ANN, "-U", "-r", HELPER, "create", "/x", "c", str(ann), "veth", "tbr0",
                  program="unshare")
    ok("below one whose root the user is", result.returncode == 1 and not result.out, result.err)
    sh("mount", "-t", "tmpfs", "-o", "nosuid", "x", "/run/test")
    refused("without suid", create(ANN, ann, program=install(path="/run/test/nic")), not_root)
    sh("umount", "/run/test")
    group = install(0o4750, path="/run/bin/group")
    os.chown(group, 0, GANG)
    os.chmod(group, 0o4750)
    made("for a group's members only", create(ANN, ann, program=group))
    os.chmod("/run", 0o775)
    refused("records below a directory of others", create(ANN, ann), "cannot record")
    os.chmod("/run", 0o755)
    os.chown("/run/lxc", ANN.uid, 0)
    refused("records in a directory of others", create(ANN, ann), "cannot record")
    os.chown("/run/lxc", 0, 0)


# ---- what is not theirs --------------------------------------------------------------------------

def section_foreign():
    reset()
    ann, ben, root = sleeper(ANN), sleeper(BEN), sleeper(ROOT)
    own = plain_sleeper(ANN)
    privileged = sleeper(ROOT, ("unshare", "-n", "sleep", "1000"))
    deeper = sleeper(ANN, ("unshare", "-U", "-r", "unshare", "-U", "-r", "-n", "sleep", "1000"))
    half = sleeper(ANN, ("unshare", "-U", "-r", "-n", "sleep", "1000"))
    made("the own one works", create(ANN, ann))
    made("so does ben's own", create(BEN, ben))
    before = snapshot(ann, ben, root, privileged, deeper)
    for what, target in (
            ("ben's", ben), ("pid 1", 1), ("the host's, by an own process", own),
            ("the host's, by self", os.getpid()), ("root's container", root),
            ("root's network namespace", privileged), ("a deeper one", deeper), ("nobody's", 4194000),
            ("0", 0), ("-1", -1), ("+1", f"+{ann}"), ("a blank", f" {ann}"), ("hex", hex(ann)),
            ("beyond", 4194305), ("2^32", 2**32 + ann), ("2^64", 2**64 + ann), ("empty", ""),
            ("a newline", f"{ann}\n"), ("zeros", f"00{ann}"), ("self", "self"), ("a dash", "-"),
            ("shadow", "/etc/shadow"), ("a path", f"/proc/{ann}/ns/net"), ("dots", f"{ann}/../{ann}"),
            ("fd 0", "fd:0"), ("fd 2", "fd:2"), ("fd -1", "fd:-1"), ("no fd", "fd:77"),
            ("fd far", "fd:1024"), ("fd beyond", "fd:4294967299"), ("arabic", "\u0663")):
        refused("create: " + what, create(ANN, target), "not permitted")
    nic = veths(ANN)[0]
    for what, target in (
            ("ben's", f"/proc/{ben}/ns/net"), ("pid 1", "/proc/1/ns/net"), ("shadow", "/etc/shadow"),
            ("a closed directory", "/root/x"), ("nobody's", "/proc/4194000/ns/net"),
            ("dots", f"/proc/{ann}/../{ann}/ns/net"), ("more", f"/proc/{ann}/ns/net/"),
            ("self", "/proc/self/ns/net"), ("no number", "/proc//ns/net"), ("a number", str(ann)),
            ("mnt", f"/proc/{ann}/ns/mnt"), ("relative", "../../x"), ("watchdog", "/dev/watchdog")):
        refused("delete: " + what, delete(ANN, nic, target=target), "not permitted")
    same("a thread of ben's", create(ANN, thread_of(ben)).err, MASKED)

    def opened(path, flags=os.O_RDONLY):
        def prepare():
            os.dup2(os.open(path, flags), 9)
        return create(ANN, "fd:9", prepare=prepare, pass_fds=(9,))

    for path in (f"/proc/{ann}/ns/user", f"/proc/{ann}/ns/mnt", "/proc/self/ns/net", "/dev/null",
                 "/", "/proc/self/status", f"/proc/{deeper}/ns/net"):
        refused("descriptor of " + re.sub(r"\d+", "N", path), opened(path), "not permitted")
    sh("strace", "-u", ANN.name, "-o", "/run/test/ioctls", "-e", "trace=ioctl", "sh", "-c",
       f"exec 9</dev/null; exec {HELPER} create /x c fd:9 veth tbr0", check=False)
    ok("a device gets no ioctl(2) of root's", "ioctl(9" not in read("/run/test/ioctls"),
       read("/run/test/ioctls"))
    refused("a path's descriptor", opened(f"/proc/{ann}/ns/net", os.O_PATH), "not permitted")
    same("nothing has changed", snapshot(ann, ben, root, privileged, deeper), before)

    for what, pid in ("ben's", ben), ("root's", root), ("the host's", own):
        fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        refused(f"a descriptor that {what} friend handed over", create(
            ANN, "fd:9", prepare=lambda fd=fd: os.dup2(fd, 9), pass_fds=(fd, 9)), "not permitted")
        os.close(fd)
    same("nothing has changed, again", snapshot(ann, ben, root, privileged, deeper), before)

    print("# T2: what is there looks like what is not", flush=True)

    def answer(result):
        return result.returncode, result.out, result.err

    for what, there, missing in (
            *((f"process {pid}", create(ANN, pid), create(ANN, 4193000 + i))
              for i, pid in enumerate((1, ben, root, privileged, deeper, own))),
            *((f"delete with process {pid}", delete(ANN, nic, target=f"/proc/{pid}/ns/net"),
               delete(ANN, nic, target=f"/proc/{4193000 + i}/ns/net"))
              for i, pid in enumerate((1, ben, root, privileged, deeper, own))),
            *((f"the file {there}", delete(ANN, nic, target=there), delete(ANN, nic, target=missing))
              for there, missing in (("/etc/shadow", "/etc/shadoz"), ("/root/.bashrc", "/root/.x"),
                                     ("/proc/1/ns/mnt", "/proc/1/ns/x"))),
            *((f"the bridge {there}", create(ANN, ann, there), create(ANN, ann, missing))
              for there, missing in (("tbr1x", "tbr2x"), ("lo", "lp"))),
            ("ben's interface", delete(ANN, veths(BEN)[0]), delete(ANN, "veth52002_none")),
            ("ben's grant", create(ANN, ben, "none"), create(ANN, ann, "none"))):
        same(f"T2: {what}", answer(there), answer(missing))

    print("# T1: no argument is opened, whatever it is", flush=True)
    for position in range(1, 8):
        for word in "/etc/shadow", "/root/x", "/run/test/fifo", "/dev/watchdog", "../../x":
            words = ["create", "/x", "c", str(ann), "veth", "tbr0", "eth9"]
            words[position - 1] = word
            traced = Traced(ANN, words)
            traced.end()
            text = read("/run/test/trace").split("close_range", 1)
            if len(text) != 2 or word in text[1] or traced.process.returncode != 1 and position != 2:
                ok(f"T1: word {position} is {word}", False, traced.process.returncode)
    ok("T1: 35 of them", True)
    end_sleepers([ann, ben, root, privileged, deeper, own, half])
    reset()
    ann = sleeper(ANN)

    print("# names", flush=True)
    for position, words in ((1, ("", "Create", "create ", "remove", "-h")),
                            (2, ("", "/x\n", "/x\x1b[0m")), (3, ("", "a/b", "x\n", "\x7f")),
                            (5, ("", "vet", "veths", "empty", "VETH")),
                            (6, ("", ".", "..", "a/b", "a b", "tbr0 ", "tbr0%d", "x" * 16, "-x", "a:b",
                                 "\u0663")),
                            (7, ("", "lo", "a/b", "..", "x" * 16, "%d", "a%d%d", "a%s", "eth0 ", "a:b",
                                 "%deth", "-e"))):
        for word in words:
            argv = ["create", "/x", "c", str(ann), "veth", "tbr0", "eth7"]
            argv[position - 1] = word
            refused(f"word {position}: {word!r}", call(ANN, *argv), f"bad argument {position}")
    for nic in ("", "eth0", "veth52001", "veth52001_", "veth52001_abc", "veth52001_abcde",
                "veth52001-abcd", "veth052001_abcd", "veth0_abcd", "veth70001_abcd", "veth000003f_abc",
                "vethzzzzzzzabcd"):
        refused(f"delete: the name {nic!r}", delete(ANN, nic), "bad argument 7")
    usage = call(ANN).err
    for argv in ([], ["create"], ["create"] * 5, ["create"] * 8, ["create", "x" * 256] + ["x"] * 5,
                 ["create", "/x", "c", "1" * 64, "veth", "tbr0"]):
        same(f"{len(argv)} words", call(ANN, *argv).err, usage)
    same("T10: no words at all", no_words(), 1)

    print("# deleting", flush=True)
    reset("ann veth tbr0 9\nanna veth tbr0 9\nann veth tbr1 9\nanna veth none 9\n@gang veth tbr1 9\n")
    ann, ben = sleeper(ANN), sleeper(BEN)
    nics = {}
    for user, pid in ((ANN, ann), (BEN, ben)):
        nics[user] = [made("a nic", create(user, pid)) for _ in range(2)]
    shared = made("one on the group", create(BEN, ben, "tbr1"))
    sh("ip", "link", "add", "veth52001_ROOT", "type", "veth", "peer", "name", "rootpeer")
    sh("ip", "link", "set", "veth52001_ROOT", "master", "tbr0")
    before = snapshot(ann, ben)
    for user, other in ((ANN, BEN), (BEN, ANN)):
        for nic in nics[other]:
            refused(f"{user.name}: {other.name}'s", delete(user, nic), "no such nic of yours")
        for nic in nics[user]:
            for wrong in (nic[:-1], nic + " ", nic + "x", nic.upper()):
                result = delete(user, wrong)
                ok(f"{user.name}: {wrong!r}", result.returncode == 1 and "not" in result.err + "not",
                   result.err)
            refused(f"{user.name}: on another bridge", delete(
                user, nic, "tbr1" if user is ANN else "none"), "no such nic of yours")
            refused(f"{user.name}: of another type", delete(user, nic, kind="vlan"), "bad argument 5")
    refused("ann: ben's on the group", delete(ANN, shared, "tbr1"), "no such nic of yours")
    refused("ann: what the administrator made", delete(ANN, "veth52001_ROOT"), "no such nic of yours")
    refused("root: ann's", delete(ROOT, nics[ANN][0]), "no such nic of yours")
    same("nothing has changed", snapshot(ann, ben), before)
    sh("ip", "link", "set", nics[ANN][0], "nomaster")
    refused("one that the administrator took off", delete(ANN, nics[ANN][0]), "no such nic of yours")
    sh("ip", "link", "set", nics[ANN][0], "master", "tbr0")
    for user in ANN, BEN:
        for nic in nics[user]:
            same(f"{user.name}: an own one", delete(user, nic).returncode, 0)
    sh("ip", "link", "del", "veth52001_ROOT")
    policy("anna veth tbr0 9\n")
    refused("nothing without a grant", delete(ANN, nics[ANN][0]), "not permitted")


def section_matrix():
    """T4: users whose names and ids begin alike, each with all interfaces."""
    users = [User("an", 5200), ANN, BEN]
    with open("/etc/passwd", "a", encoding="ascii") as file:
        file.write("an:x:5200:5200::/:/bin/sh\n")
    reset("an veth tbr0 9\nann veth tbr0 9\nanna veth tbr0 9\n")
    pids = [sleeper(user) for user in users]
    nics = {user: made(f"{user.name}'s", create(user, pid)) for user, pid in zip(users, pids)}
    for user in users:
        for owner in users:
            if user is not owner:
                before = snapshot(*pids)
                refused(f"T4: {user.name} deletes {owner.name}'s", delete(user, nics[owner]),
                        "no such nic of yours")
                same("T4: and nothing happens", snapshot(*pids), before)
    for user in users:
        same(f"T4: {user.name} deletes their own", delete(user, nics[user]).returncode, 0)

    print("# groups that have no name, T6", flush=True)
    reset("@gang veth tbr0 1\n@gid:4000000000 veth tbr1 1\n")
    many = User("ann", ANN.uid, [3999999999, *range(60000, 60040), GANG])
    ann = sleeper(many)
    made("T6: the last of 42", create(many, ann))
    refused("T6: not one that is like the first", create(many, ann, "tbr1"), "not permitted")

    print("# root of the container", flush=True)
    reset("ann veth tbr0 2\nanna veth tbr0 2\n")
    ann, ben = sleeper(ANN), sleeper(BEN)

    def inside(*words):
        """As root there."""
        return subprocess.run(["nsenter", "-t", str(ann), "-U", "-n", "--preserve-credentials", *words],
                              preexec_fn=become(ANN), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode

    nic = made("one", create(ANN, ann))
    bens = read(BEN.file)
    same("it makes interfaces with names like ben's", inside(
        "ip", "link", "add", "veth52002_aaaa", "type", "veth", "peer", "name", "veth52001_bbbb"), 0)
    same("it renames its own", inside("ip", "link", "set", "eth0", "name", "veth52002_cccc"), 0)
    made("another one", create(ANN, ann))
    further = sleeper(ANN, ("nsenter", "-t", str(ann), "-U", "-n", "--preserve-credentials", "unshare", "-n",
                            "sleep", "1000"))
    same("and moves it further away", inside("ip", "link", "set", "eth0", "netns", str(further)), 0)
    refused("the quota knows all of them", create(ANN, ann), "quota reached")
    made("ben has all that is his", create(BEN, ben))
    made("both", create(BEN, ben))
    ok("the host's ends are where they were", links()[nic].get("master") == "tbr0", links()[nic])
    refused("the host's end cannot be called from inside", call(
        ANN, "-t", str(ann), "-U", "-n", "--preserve-credentials", HELPER, "delete", "/x", "c", "-", "veth",
        "tbr0", nic, program="nsenter"), "not installed as root's own program")
    ok("nor removed", nic in links() and inside("ip", "link", "del", nic) != 0)
    same("its own end can", inside("ip", "link", "del", "veth52002_cccc"), 0)
    ok("with the other", wait_for(lambda: nic not in links()))
    made("which makes room", create(ANN, ann))
    consistent("records and links", ANN, BEN)


def thread_of(pid):
    return os.listdir(f"/proc/{pid}/task")[0]


def no_words():
    """execve with an empty argument vector; current kernels put one empty word there."""
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 2)
        become(ANN)()
        argv = (ctypes.c_char_p * 1)(None)
        ctypes.CDLL(None).execve(HELPER.encode(), argv, argv)
        os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# ---- damaged records -----------------------------------------------------------------------------

def section_records():
    reset("ann veth tbr0 3\nanna veth tbr0 3\n@gang veth tbr1 2\n")
    ann, ben = sleeper(ANN), sleeper(BEN)
    nics = [made("a nic", create(ANN, ann)) for _ in range(2)]
    made("ben's", create(BEN, ben))
    bens = read(BEN.file)
    good = read(ANN.file)

    def damage(what, how, keeps_bad=True):
        for path in glob.glob(STATE + "/*.bad"):
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        os.path.lexists(ANN.file) and os.unlink(ANN.file)
        how()
        logged()
        nic = made(f"{what}: one more", create(ANN, ann))
        refused(f"{what}: and no more", create(ANN, ann), "quota reached")
        ok(f"{what}: all are known", {line[3] for line in records(ANN.file)} == {nic, *nics},
           read(ANN.file))
        if keeps_bad:
            ok(f"{what}: it was set aside", os.path.lexists(ANN.file + ".bad"))
        same(f"{what}: delete", delete(ANN, nic).returncode, 0)
        same(f"{what}: ben's are untouched", read(BEN.file), bens)
        consistent(f"{what}: records and links", ANN, BEN)

    line = good.splitlines(keepends=True)[1]
    damage("missing", lambda: None, keeps_bad=False)
    for what, text in (("empty", ""), ("a line is lost", good.replace(line, "")),
                       ("all lines are", "1 2\n"), ("half a line", good + line[:20]),
                       ("no newline", good[:-1]), ("NUL", good + "\0"),
                       ("NUL inside", good.replace(" ", "\0", 1)), ("10 MB", good * 100000),
                       ("twice", good + line), ("a foreign name", good.replace("52001_", "52002_", 1)),
                       ("a foreign uid", good.replace("52001 ", "52002 ", 1)),
                       ("version 2", good.replace("1 ", "2 ", 1)), ("no head", good[4:]),
                       ("a wide number", re.sub(r" (\d+)\n", r" 99999999999999999999999\n", good)),
                       ("a sign", re.sub(r" (\d+)\n", r" +\1\n", good)),
                       ("two blanks", good.replace(" ", "  ", 1)),
                       ("a bridge", good.replace("tbr0", "tb/0", 1)), ("garbage", "\xff" * 100)):
        damage(what, lambda text=text: write(ANN.file, text, 0o600))
    damage("symlink", lambda: os.symlink("/etc/shadow", ANN.file))
    damage("FIFO", lambda: os.mkfifo(ANN.file, 0o600))
    damage("directory", lambda: os.mkdir(ANN.file))
    damage("wrong owner", lambda: write(ANN.file, good, 0o600, ANN.uid))
    damage("mode 666", lambda: write(ANN.file, good, 0o666))
    damage("mode 0", lambda: write(ANN.file, good, 0))
    for what, how in (("a symlink", lambda path: os.symlink("/etc/shadow", path)),
                      ("a FIFO", os.mkfifo), ("the user's", lambda path: write(path, "", 0o600, ANN.uid)),
                      ("a directory", os.mkdir)):
        before = os.stat("/etc/shadow") if os.path.exists("/etc/shadow") else None
        os.unlink(ANN.file + ".lock")
        how(ANN.file + ".lock")
        refused(f"{what} as lock", create(ANN, ann), "cannot record")
        os.rmdir(ANN.file + ".lock") if os.path.isdir(ANN.file + ".lock") else os.unlink(
            ANN.file + ".lock")
        if what != "a directory":
            how(ANN.file + ".tmp")
            result = create(ANN, ann)
            ok(f"{what} as temporary file", result.returncode == 1 and not os.path.lexists(
                ANN.file + ".tmp"), result.err)
        ok("nothing was followed", not before or os.stat("/etc/shadow") == before)
    nic = made("and all is well again", create(ANN, ann))
    delete(ANN, nic)
    os.unlink(ANN.file)
    os.mkdir(ANN.file)
    os.unlink(ANN.file + ".bad")
    os.mkdir(ANN.file + ".bad")
    write(ANN.file + ".bad/x", "")
    refused("what cannot be set aside", create(ANN, ann), "cannot record")
    shutil.rmtree(ANN.file + ".bad")
    os.rmdir(ANN.file)
    before = set(veths())

    print("# stale records, T5", flush=True)
    write(ANN.file, with_records(good, "52001 veth tbr0 veth52001_gone 4711"), 0o600)
    nic = made("a stale one in front", create(ANN, ann))
    same("the stale one goes, the others stay", {line[3] for line in records(ANN.file)}, {nic, *nics})
    delete(ANN, nic)
    write(ANN.file, with_records(good, "52001 veth tbr0 veth52001_new0 0"), 0o600)
    nic = made("a reservation whose maker is gone does not count", create(ANN, ann))
    write(ANN.file, re.sub(rf"{nic} \d+", f"{nic} 0", read(ANN.file)), 0o600)
    refused("one whose link is there does", create(ANN, ann), "quota reached")
    same("and is completed", delete(ANN, nic).returncode, 0)
    ifindex = links()[nics[0]]["ifindex"]
    write(ANN.file, f"1 1\n52001 veth tbr0 veth52001_gone {ifindex}\n", 0o600)
    refused("a number that was given again is another's", delete(ANN, "veth52001_gone"),
            "no such nic of yours")
    same("no link is lost", set(veths()), before)
    same("ben's are untouched", read(BEN.file), bens)

    print("# groups", flush=True)
    group = f"{STATE}/g{GANG}"
    nic = made("the group's", create(ANN, ann, "tbr1"))
    os.unlink(group)
    made("its records were lost", create(BEN, ben, "tbr1"))
    refused("but not its links", create(BEN, ben, "tbr1"), "quota reached")
    same("who made it may still delete", delete(ANN, nic, "tbr1").returncode, 0)
    policy("ann veth tbr1 1\n@gang veth tbr1 2\n")
    made("the user's first", create(ANN, ann, "tbr1"))
    os.unlink(ANN.file)
    made("then the group's", create(ANN, ann, "tbr1"))
    refused("each once", create(ANN, ann, "tbr1"), "quota reached")
    ok("which changed nothing", not os.path.exists(ANN.file))
    refused("what the group is charged for is not the user's", create(ANN, ann, "tbr1"),
            "quota reached")
    same("the group has two", len(records(group)), 2)

    print("# disk full", flush=True)
    reset()
    os.makedirs(STATE)
    sh("mount", "-t", "tmpfs", "-o", "size=16k,mode=755", "nics", STATE)
    ann, ben = sleeper(ANN), sleeper(BEN)
    made("there is room", create(ANN, ann))
    with open(STATE + "/filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    before, old = veths(), read(ANN.file)
    refused("disk full", create(ANN, ann), "cannot record")
    refused("for a user without records, too", create(BEN, ben), "cannot record")
    same("nothing was made, nothing lost", (veths(), read(ANN.file)), (before, old))
    ok("no temporary file", not glob.glob(STATE + "/*.tmp"))
    os.unlink(STATE + "/filler")
    made("room again", create(ANN, ann))
    end_sleepers()
    sh("umount", STATE)


# ---- limits, descriptors, signals ----------------------------------------------------------------

def section_limits():
    reset("ann veth tbr0 200\nanna veth tbr0 200\n")
    ann = sleeper(ANN)
    made("as usual", create(ANN, ann))

    def attempt(what, prepare=None, want=None, **how):
        before = set(veths())
        result = create(ANN, ann, prepare=prepare, **how)
        new = set(veths()) - before
        fine = (len(new) == 1 if result.returncode == 0 else not new) \
            if want is None else result.returncode == want and len(new) == (want == 0)
        ok(what, fine and glob.glob(STATE + "/*.tmp") == [], result.returncode, result.err, new)
        return result

    def limit(kind, soft, hard=None):
        return lambda: resource.setrlimit(kind, (soft, soft if hard is None else hard))

    low = "lxc-user-nic: resource limits too low\n"
    for kind, name, values in ((resource.RLIMIT_FSIZE, "file size", (0, 1, 100, 1 << 19)),
                               (resource.RLIMIT_NOFILE, "descriptors", (*range(3, 10), 31)),
                               (resource.RLIMIT_AS, "memory", (20 << 20, 63 << 20)),
                               (resource.RLIMIT_DATA, "data", (63 << 20,)),
                               (resource.RLIMIT_CPU, "time", (1, 9))):
        for value in values:
            result = attempt(f"{name} {value}", limit(kind, value))
            if value not in range(3, 10): # with fewer even the loader fails
                same(f"{name} {value}: says so", result.err, low)
    attempt("no data at all", limit(resource.RLIMIT_DATA, 1 << 16))
    attempt("file size, soft only", limit(resource.RLIMIT_FSIZE, 0, resource.RLIM_INFINITY), 0)
    attempt("descriptors, 40", limit(resource.RLIMIT_NOFILE, 40), 0)
    attempt("descriptors, soft only", limit(resource.RLIMIT_NOFILE, 4, 64))
    attempt("descriptors, soft 20", limit(resource.RLIMIT_NOFILE, 20, 64), 0)
    attempt("no processes", limit(resource.RLIMIT_NPROC, 0), None if MEASURED else 0)
    attempt("no signals", limit(resource.RLIMIT_SIGPENDING, 0), 0)
    attempt("umask 0", lambda: os.umask(0), 0)
    attempt("umask 777", lambda: os.umask(0o777), 0)
    sh("rm", "-rf", "/run/lxc")
    attempt("umask 777, first of all", lambda: os.umask(0o777), 0)
    same("directories are for all to see", [stat.S_IMODE(os.stat(path).st_mode)
                                            for path in ("/run/lxc", STATE)], [0o755, 0o755])
    attempt("all signals blocked", lambda: signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)), 0)
    attempt("SIGCHLD ignored", lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), 0)
    os.chmod("/run/test", 0o777)

    def in_no_directory():
        os.mkdir("/run/test/gone")
        os.chdir("/run/test/gone")
        os.rmdir("/run/test/gone")
    attempt("a directory that is gone", in_no_directory, 0)
    for mask in range(8):
        def close(mask=mask):
            for fd in range(3):
                if mask >> fd & 1:
                    os.close(fd)
        before = set(veths())
        result = create(ANN, ann, prepare=close)
        # The C library puts something there that cannot be written to.
        ok(f"descriptors closed, {mask:03b}", result.returncode == (1 if mask & 2 else 0)
           and len(set(veths()) - before) == 1, result.returncode, result.err)
    for what, path, code in (("/dev/full", "/dev/full", 1), ("/dev/null", "/dev/null", 0)):
        before = set(veths())
        with open(path, "w", encoding="ascii") as file:
            result = create(ANN, ann, stdout=file)
        same(f"answer to {what}", (result.returncode, len(set(veths()) - before)), (code, 1))
    ends = os.pipe()
    os.close(ends[0])
    same("answer to a closed pipe", create(ANN, ann, stdout=ends[1]).returncode, 1)
    os.close(ends[1])
    ends = os.pipe()
    os.set_blocking(ends[1], False)
    try:
        while True:
            os.write(ends[1], b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(ends[1], True)
    stuck = subprocess.Popen([HELPER, *words_for(ann)], preexec_fn=become(ANN), stdout=ends[1], env={})
    ok("answer to a full pipe: as the user", wait_for(lambda: "Uid:\t" + "\t".join(["52001"] * 4) in read(
        f"/proc/{stuck.pid}/status")) or MEASURED)
    made("it blocks nobody", create(ANN, ann))
    os.read(ends[0], 8192)
    same("and comes to its end", stuck.wait(timeout=20), 0)
    os.close(ends[0]), os.close(ends[1])
    before = set(veths())
    for path in "/proc/self/comm", "/proc/sys/kernel/hostname":
        for number in 1, 2:
            with open(path, "r", encoding="ascii") as file:
                how = {"stdout" if number == 1 else "stderr": file}
                same(f"T15: {path} as {number}", create(ANN, ann, **how).returncode, 1)
    for path in glob.glob("/sys/fs/cgroup/*/cgroup.procs") + glob.glob("/sys/fs/cgroup/cgroup.procs"):
        with open(path, "r", encoding="ascii") as file:
            same("T15: a cgroup's file", create(ANN, ann, stderr=file).returncode, 1)
        break
    same("which made nothing", set(veths()), before)

    print("# T11, T12: the loader", flush=True)
    shutil.rmtree("/run/trap", ignore_errors=True)
    os.mkdir("/run/trap")
    os.chmod("/run/trap", 0o777)
    traps = {name: "/run/trap/x" for name in (
        "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "LD_DEBUG_OUTPUT", "LD_PROFILE_OUTPUT", "GCONV_PATH",
        "NLSPATH", "HOSTALIASES", "TMPDIR", "MALLOC_TRACE", "LOCPATH", "BASH_ENV", "GETCONF_DIR",
        "LD_ORIGIN_PATH", "RESOLV_HOST_CONF", "SUDO_UID", "USER", "LOGNAME", "HOME")}
    for tunables in ("glibc.malloc.check=3", "glibc.malloc.mxfast=glibc.malloc.mxfast=A"):
        attempt("a hostile environment", want=0, env={
            **traps, "LD_DEBUG": "all", "GLIBC_TUNABLES": tunables, "MALLOC_CHECK_": "3", "IFS": "/",
            "SUDO_UID": "0", "USER": "root"})
    same("no trap was touched", os.listdir("/run/trap"), [])
    if shutil.which("readelf") and not MEASURED:
        dynamic = sh("readelf", "-d", HELPER)
        same("libc only", re.findall(r"NEEDED.*\[(.*?)\.so", dynamic), ["libc"])
        ok("no path of libraries", "RPATH" not in dynamic and "RUNPATH" not in dynamic)
        ok("bound at start", "BIND_NOW" in dynamic)
        segments = sh("readelf", "-lW", HELPER)
        ok("nothing is writable and executable", not re.search(r"\bRWE\b", segments))
        ok("it does not read the environment", "getenv" not in sh("readelf", "--dyn-syms", "-W", HELPER))


# ---- the process is theirs to send signals to ----------------------------------------------------

class Traced:
    """The helper, as a user, below strace: @inject names a call where something happens."""

    def __init__(self, user, words, *injections, log="/run/test/trace"):
        self.log = log
        if os.path.exists(log):
            os.unlink(log)
        inject = [word for injection in injections for word in ("-e", "inject=" + injection)]
        self.process = subprocess.Popen(
            ["strace", "-o", log, "-u", user.name, "-E", "A=", *inject, HELPER, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def pid(self):
        """Of the helper, once it is stopped."""
        def find():
            for child in read(f"/proc/{self.process.pid}/task/{self.process.pid}/children").split():
                status = read(f"/proc/{child}/status")
                if "\nState:\tT" in "\n" + status or "stopped" in status or "State:\tt" in status:
                    if "--- stopped by SIGSTOP ---" in read(self.log):
                        self.found = int(child)
                        return True
            return False
        return self.found if wait_for(find, 5) else None

    def end(self):
        self.out, self.err = self.process.communicate(timeout=30)
        return self.process.returncode


def words_for(pid, bridge="tbr0"):
    return ["create", "/x", "c", str(pid), "veth", bridge]


def peek(user, pid):
    """What ptrace, process_vm_readv and pidfd_getfd say to that user."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    one, none = ctypes.c_ulong(1), ctypes.c_ulong(0)
    ends = os.pipe()
    child = os.fork()
    if child == 0:
        become(user)()
        said = []
        for attempt in (lambda: libc.ptrace(0x4206, pid, 0, 0),
                        lambda: libc.process_vm_readv(pid, vector, one, vector, one, none),
                        lambda: libc.syscall(438, os.pidfd_open(pid), 0, 0)):
            said.append("done" if attempt() >= 0 else errno.errorcode[ctypes.get_errno()])
        os.write(ends[1], " ".join(said).encode())
        os._exit(0)
    os.close(ends[1])
    os.waitpid(child, 0)
    with open(ends[0], encoding="ascii") as file:
        return file.read()


def section_process():
    reset("ann veth tbr0 20\nanna veth tbr0 20\n")
    ann, ben = sleeper(ANN), sleeper(BEN)
    print("# T18: nobody looks into it", flush=True)
    for where, call_name in (("as the caller", "getgroups"), ("looking up", "fstatfs"),
                             ("before the filter", "setsockopt"), ("holding the lock", "flock")):
        traced = Traced(ANN, words_for(ann), f"{call_name}:signal=STOP:when=1")
        pid = traced.pid()
        if not ok(f"stopped {where}", pid):
            traced.process.kill()
            continue
        for name in "mem", "environ", "maps", "fd/0", "ns/net", "root", "syscall":
            readable = subprocess.run(
                ["head", "-c1", f"/proc/{pid}/{name}"] if name not in ("ns/net", "root") else
                ["readlink", f"/proc/{pid}/{name}"], preexec_fn=become(ANN), capture_output=True,
                check=False).returncode == 0
            ok(f"{where}: {name} is closed", not readable)
        same(f"{where}: not dumpable", os.stat(f"/proc/{pid}/environ").st_uid, 0)
        same(f"{where}: nor by system calls", peek(ANN, pid), "EPERM EPERM EPERM")
        status = read(f"/proc/{pid}/status")
        if call_name == "flock":
            ok("it holds NET_ADMIN and what changes ids, no more", "CapPrm:\t00000000000010c0" in status,
               status)
            ok("its filter is on", MEASURED or "Seccomp:\t2" in status)
            ok("no new privileges", "NoNewPrivs:\t1" in status)
            ok("nothing is left to gain", "CapBnd:\t0000000000000000" in status)
            for number in (signal.SIGSTOP, signal.SIGKILL):
                ok(f"{number.name} from its caller", subprocess.run(
                    ["kill", f"-{number}", str(pid)], preexec_fn=become(ANN), capture_output=True,
                    check=False).returncode != 0)
        os.kill(pid, signal.SIGCONT)
        same(f"{where}: and goes on", traced.end(), 0)

    print("# R2: another process gets the pid", flush=True)
    victim = sleeper(ANN)
    traced = Traced(ANN, words_for(victim), "setsockopt:signal=STOP:when=1")
    pid = traced.pid()
    if ok("stopped between look-up and use", pid):
        end_sleepers([victim])
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
            file.write(str(victim - 1))
        taken = sleeper(BEN)
        same("ben has that pid now", taken, victim)
        before = sorted(links(taken))
        os.kill(pid, signal.SIGCONT)
        traced.end()
        same("nothing came to ben", sorted(links(taken)), before)
    end_sleepers()

    print("# who does not listen holds nobody up", flush=True)
    reset("@gang veth tbr0 20\n")
    ann, ben = sleeper(ANN), sleeper(BEN)
    made("a name", create(ANN, ann, "tbr0", "web0"))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for size in 65536, 1:
        try:
            while os.write(writer, b"x" * size):
                pass
        except BlockingIOError:
            pass
    os.set_blocking(writer, True)
    with subprocess.Popen([HELPER, *words_for(ann), "web0"], preexec_fn=become(ANN),
                          stdin=subprocess.DEVNULL, stderr=writer) as process:
        status = f"/proc/{process.pid}/status"
        ok("it has no privilege any more, and waits to say that the name is taken",
           wait_for(lambda: "\nUid:" + f"\t{ANN.uid}" * 4 + "\n" in read(status)))
        made("the group's quota is not locked", create(BEN, ben))
        same("it waits still", process.poll(), None)
        process.kill()
    os.close(reader)
    os.close(writer)

    reset("ann veth tbr0 20\nanna veth tbr0 20\n")
    print("# T36: only listed calls", flush=True)
    ann = sleeper(ANN)
    traced = Traced(ANN, words_for(ann))
    same("traced", traced.end(), 0)
    lines = read(traced.log).splitlines()
    sealed = [line.startswith(("prctl(PR_SET_SECCOMP", "seccomp(")) for line in lines]
    if True in sealed:
        after = {line.split("(")[0] for line in lines[sealed.index(True) + 1:-1]}
        ok("few calls after the filter", after <= {
            "read", "write", "close", "fstat", "newfstatat", "openat", "flock", "rename", "renameat",
            "renameat2", "unlinkat", "sendto", "recvfrom", "getrandom", "clock_gettime",
            "clock_nanosleep", "restart_syscall", "setresuid", "setresgid", "getresuid", "getresgid",
            "capset", "capget", "prctl", "exit_group"}, after)
    if not MEASURED:
        traced = Traced(ANN, words_for(ann), "renameat:error=EPERM:when=1")
        same("T36: a call that is not listed is the end", traced.end(), -signal.SIGSYS)

    print("# R5: frozen", flush=True)
    freezer()


def freezer():
    """A user may own a cgroup, and freeze what is in it."""
    for root in "/sys/fs/cgroup", "/sys/fs/cgroup/unified":
        if os.path.exists(root + "/cgroup.procs") and not os.path.exists(root + "/tasks"):
            break
    else:
        print("# no cgroup2 here", flush=True)
        return
    directory = f"{root}/rlxc-usernic-{os.environ['TMP'].rsplit('.', 1)[-1]}"
    try:
        os.mkdir(directory)
    except OSError:
        print("# no cgroup can be made", flush=True)
        return
    try:
        reset("ann veth tbr0 20\nanna veth tbr0 20\n@gang veth tbr1 9\n")
        ann, ben = sleeper(ANN), sleeper(BEN)
        for bridge in "tbr0", "tbr1":
            traced = Traced(ANN, words_for(ann, bridge), "flock:signal=STOP:when=1")
            pid = traced.pid()
            if not ok("stopped with the lock", pid):
                return
            for path, text in (("cgroup.procs", str(pid)), ("cgroup.freeze", "1")):
                with open(f"{directory}/{path}", "w", encoding="ascii") as file:
                    file.write(text)
            os.kill(pid, signal.SIGCONT)
            start = time.monotonic()
            made("another user is served", create(BEN, ben))
            ok("without waiting for the lock", time.monotonic() - start < 5)
            start = time.monotonic()
            refused(f"{bridge}: who shares the owner hears why",
                    create(*((ANN, ann) if bridge == "tbr0" else (BEN, ben)), bridge,
                           prepare=lambda: signal.alarm(1)), "busy")
            ok(f"{bridge}: in time", 4 < time.monotonic() - start < 20)
            with open(directory + "/cgroup.freeze", "w", encoding="ascii") as file:
                file.write("0")
            same("thawed, it goes on", traced.end(), 0)
            made("and all goes on", create(ANN, ann, bridge))
    finally:
        wait_for(lambda: not os.path.isdir(directory) or not os.rmdir(directory))


# ---- at the same time ----------------------------------------------------------------------------

def parallel(user, pid, n):
    return [subprocess.Popen([HELPER, *words_for(pid)], preexec_fn=become(user), env={},
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(n)]


def section_race():
    seconds = float(os.environ.get("ATTACK_SECONDS", "5"))
    rounds = int(os.environ.get("ROUNDS", "3"))
    users = [User(f"u{i}", 52201 + i) for i in range(8)]
    reset("".join(f"uid:{user.uid} veth tbr0 2\n" for user in users))
    bad = results["bad"]
    for i in range(rounds):
        pids = [sleeper(user) for user in users]
        running = [(user, parallel(user, pid, 16)) for user, pid in zip(users, pids)]
        for user, processes in running:
            codes = [process.wait(timeout=60) for process in processes]
            for process in processes:
                process.communicate()
            if codes.count(0) != 2 or len(veths(user)) != 2:
                ok(f"R3: round {i}, {user.name}", False, codes, veths(user), read(user.file))
        end_sleepers(pids)
        wait_for(lambda: not veths())
    ok(f"R3: {rounds} rounds of 128 helpers: exactly 2 for each of 8 users", results["bad"] == bad)
    for user in users:
        made("R3: and one more", create(user, sleeper(user)))
    consistent("R3: records and links", *users)

    reset("".join(f"uid:{user.uid} veth tbr0 50\n" for user in users))
    pids = [sleeper(user) for user in users]
    end = time.monotonic() + seconds
    running, slow = [], 0
    while time.monotonic() < end:
        for user, pid in zip(users, pids):
            running += [(process, time.monotonic()) for process in parallel(user, pid, 4)]
        time.sleep(random.uniform(0, 0.02))
        for process, _ in random.sample(running, len(running) // 2):
            process.kill()
        for process, start in running:
            process.communicate()
            slow = max(slow, time.monotonic() - start)
        running = []
    ok("killed at random: nobody waits for ever", slow < 30, slow)
    for user, pid in zip(users, pids):
        nics = [nic for nic in veths(user)]
        ok(f"{user.name}: the quota holds", len(nics) <= 50, len(nics))
        if nics:
            create(user, pid) if len(nics) < 50 else None
            delete(user, nics[0])
    consistent("killed at random: records and links", *users)
    pid_race(seconds)


def pid_race(seconds):
    """A process whose pid ann names ends all the time, and one of ben's or root's gets that pid."""
    reset("ann veth tbr0 2000\nanna veth tbr0 2000\n")
    end = time.monotonic() + seconds
    victim = sleeper(ANN)
    rounds = got = 0
    while time.monotonic() < end:
        running = parallel(ANN, victim, 3)
        time.sleep(random.uniform(0, 0.01))
        end_sleepers([victim])
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
            file.write(str(victim - 1))
        other = sleeper(random.choice((BEN, ROOT)))
        for process in running + parallel(ANN, victim, 1):
            process.communicate()
        if sorted(links(other)) != ["lo"]:
            ok("R2: something came to another user's", False, links(other))
        got += other == victim
        rounds += 1
        end_sleepers([other])
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
            file.write(str(victim - 1))
        victim = sleeper(ANN)
    ok(f"R2: {rounds} rounds", rounds and not veths(BEN))
    ok(f"R2: the pid was taken over {got} times", got or MEASURED)


# ---- Open vSwitch --------------------------------------------------------------------------------

def section_ovs():
    """Of a program that was built to run /run/bin/ovs-vsctl. A bridge of the userspace datapath is a
    tap interface, so there can be one without Open vSwitch."""
    reset("ann veth ovs0 2\n")
    sh("ip", "tuntap", "add", "dev", "ovs0", "mode", "tap")
    record = "/run/test/ovs"

    def fake(code):
        write("/run/bin/ovs-vsctl", f"#!/bin/sh\necho \"$*\" >>{record}\nenv >>{record}\n"
              f"id -ru >>{record}\nexit {code}\n", 0o755)
        if os.path.exists(record):
            os.unlink(record)

    ann = sleeper(ANN)
    fake(0)
    nic = made("create", create(ANN, ann, "ovs0"))
    lines = read(record).splitlines()
    same("ovs-vsctl was called", lines[0], f"--timeout=5 -- --may-exist add-port ovs0 {nic}")
    same("with root's real id", lines[-1], "0")
    same("and no environment", [line for line in lines[1:-1] if not re.match("PWD=|_=|SHLVL=", line)], [])
    fake(1)
    refused("what it refuses", create(ANN, ann, "ovs0"), "cannot create")
    same("leaves no link", veths(ANN), [nic])
    refused("cannot go either", delete(ANN, nic, "ovs0"), "cannot remove")
    fake(0)
    same("delete", delete(ANN, nic, "ovs0").returncode, 0)
    same("ovs-vsctl knows", read(record).splitlines()[0],
         f"--timeout=5 -- --if-exists del-port ovs0 {nic}")
    same("the link is gone", veths(ANN), [])
    os.unlink("/run/bin/ovs-vsctl")
    refused("it is not there", create(ANN, ann, "ovs0"), "cannot create")


# ---- faults at each system call ------------------------------------------------------------------

def calls_of(log):
    """The calls of a good run, as (name, how many-eth of that name); the number of the first that
    main makes; which prctl installs the filter."""
    counts, calls, main, seal = {}, [], 0, 0
    for line in read(log).splitlines():
        match = re.match(r"(\w+)\(", line)
        if line.startswith("umask(000"):
            break  # from here on it writes what a measurement counted
        if match:
            name = match[1]
            counts[name] = counts.get(name, 0) + 1
            if name == "close_range" and not main:
                main = len(calls) - 6
            if "PR_SET_SECCOMP" in line:
                seal = counts[name]
            if "PR_CAPBSET_DROP" not in line or counts[name] < 6:
                calls.append((name, counts[name]))
    return calls, max(main, 0), seal


def section_faults():
    names = os.environ.get("ERRORS", "EPERM ENOSPC").split()
    grants = "ann veth tbr0 2000\nanna veth tbr0 20\n"
    reset(grants)
    ann, ben = sleeper(ANN), sleeper(BEN)
    made("ben's", create(BEN, ben))
    made("ann's", create(ANN, ann))
    bens = read(BEN.file)
    good = Traced(ANN, words_for(ann))
    same("a good run", good.end(), 0)
    calls, main, seal = calls_of(good.log)
    removal = Traced(ANN, ["delete", "/x", "c", "-", "veth", "tbr0", veths(ANN)[0]])
    same("a good removal", removal.end(), 0)
    deletes, delete_main, delete_seal = calls_of(removal.log)
    print(f"# {len(calls)} calls, {len(calls) - main} of them from main on", flush=True)

    def sweep(what, todo, words, faults, sealed):
        """An error is injected by making the call another one, which the filter would not let
        pass: it is left out, but for faults of prctl itself."""
        bad = results["bad"]
        for name, nth in todo:
            for fault in faults:
                injections = [f"{name}:{fault}:when={nth}"]
                if name != "prctl" and sealed:
                    injections.append(f"prctl:retval=0:when={sealed}")
                traced = Traced(ANN, words(), *injections)
                code = traced.end()
                if read(BEN.file) != bens:
                    ok(f"{what}: {name} {nth} {fault} harms ben", False)
                if fault != "signal=KILL" and code not in (0, 1) and \
                        (name, code) not in (("prctl", -signal.SIGSYS), ("exit_group", -signal.SIGSEGV)):
                    ok(f"{what}: {name} {nth} {fault} ends with {code}", False, traced.err)
        ok(f"{what}: {len(todo)} calls x {len(faults)}", results["bad"] == bad)
        end_sleepers([sweep.pid])
        wait_for(lambda: not veths(ANN))
        sweep.pid = sleeper(ANN)
        made(f"{what}: the next run works", create(ANN, sweep.pid))
        consistent(f"{what}: records and links", ANN, BEN)

    sweep.pid = ann

    def creating():
        return words_for(sweep.pid)

    def removing():
        if not veths(ANN):
            create(ANN, sweep.pid)
        return ["delete", "/x", "c", "-", "veth", "tbr0", veths(ANN)[0]]

    # Before the links of the sweep go away, the next run has to know them all.
    for name, nth in calls:
        traced = Traced(ANN, creating(), f"{name}:signal=KILL:when={nth}")
        traced.end()
    made("killed everywhere: the next run works", create(ANN, ann))
    consistent("killed everywhere: records and links", ANN, BEN)
    same("killed everywhere: ben's are untouched", read(BEN.file), bens)
    errors = [f"error={name}" for name in names]

    def real(todo):
        """brk(2) has no errors, and the C library knows that."""
        return [call for call in todo if call[0] != "brk"]

    sweep("killed in delete", deletes[delete_main:], removing, ["signal=KILL"], 0)
    sweep("errors in create", real(calls[main:]), creating, errors, seal)
    sweep("errors in delete", real(deletes[delete_main:]), removing, errors, delete_seal)


def main():
    os.umask(0o022)
    make_world()
    for section in sys.argv[1:]:
        print(f"# == {section}", flush=True)
        globals()["section_" + section]()
    end_sleepers()
    finish()


main()
