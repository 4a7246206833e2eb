# SPDX-License-Identifier: LGPL-2.1-or-later
"""useridmap.py SECTION...: checks of lxc-user-idmap, see useridmap.sh. Runs as root in new mount
and pid namespaces. ANN and BEN are two users that exist in this /etc only. Prints TAP."""
import ctypes
import errno
import json
import os
import re
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

from setuid import finish, install_as, lines_of, ok, policy_of, private_dev, same, sh, write

HELPER = "/run/bin/lxc-user-idmap"
SELF = "lxc-user-idmap: "
WORK = "/run/trees"
libc = ctypes.CDLL(None, use_errno=True)
MEASURED = os.environ.get("MEASURED")  # built without a filter, and with counters


class User:
    def __init__(self, name, uid, first, groups=()):
        self.name, self.uid, self.first, self.groups = name, uid, first, list(groups)
        self.home = f"{WORK}/{name}"

    def map(self, own=True):
        """The usual one: the user's own id is root inside, the others stay what they are."""
        rest = f"{self.first + 1}:{self.first + 1}:65535"
        return f"{self.uid}:{self.first}:1,{rest}" if own else f"{self.first}:{self.first}:65536"


GANG = 52100
ANN = User("ann", 52001, 1000000, [GANG])
BEN = User("anna", 52002, 2000000)  # a name that begins like the other
COL = User("52003", 52003, 3000000)  # named like an id, and has no line
IMAGE_MAP = f"0:{ANN.first}:65536"


# ---- the world -----------------------------------------------------------------------------------

def read(path):
    with open(path, encoding="latin-1") as file:
        return file.read()


def directory(path, uid=0, gid=None, mode=0o755):
    os.makedirs(path, exist_ok=True)
    os.chown(path, uid, uid if gid is None else gid)
    os.chmod(path, mode)
    return path


def install(mode=0o4755, uid=0, path=HELPER):
    return install_as(path, os.environ["USERIDMAP"], mode, uid)


def loop_devices(dev):
    os.mknod(dev + "/loop-control", stat.S_IFCHR | 0o600, os.makedev(10, 237))
    for i in range(64):
        os.mknod(f"{dev}/loop{i}", stat.S_IFBLK | 0o600, os.makedev(7, i))


def logged():
    return lines_of(LOG)


SUBIDS = f"""# a comment
{ANN.name}:{ANN.first}:65536
{BEN.name}:{BEN.first}:65536
"""


def subids(text=SUBIDS, gids=None, **how):
    write("/etc/subuid", text, **how)
    write("/etc/subgid", text if gids is None else gids, **how)


def make_world():
    global LOG, POLICY
    etc = os.environ["TMP"] + "/etc"
    os.mkdir(etc)
    for name in "ld.so.cache", "ld.so.conf", "localtime":
        if os.path.exists("/etc/" + name):
            shutil.copy("/etc/" + name, etc)
    os.chmod(etc, 0o755)
    sh("mount", "--bind", etc, "/etc")
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run")
    os.mkdir("/run/bin")
    os.mkdir(WORK)
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "work", WORK)
    write("/etc/passwd", "root:x:0:0::/:/bin/sh\n")
    write("/etc/group", f"root:x:0:\ngang:x:{GANG}:ann\n")
    for user in ANN, BEN, COL:
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.write(f"{user.name}:x:{user.uid}:{user.uid}::/:/bin/sh\n")
        directory(user.home, user.uid)
        directory(user.home + "/tree", user.uid)
    write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n")
    POLICY = policy_of(os.environ["USERIDMAP"], "lxc-useridmap")
    where = os.path.dirname(POLICY)
    if where.startswith("/etc/"):
        os.makedirs(where, exist_ok=True)
    elif not os.path.isdir(where):
        print(f"1..0 # SKIP no {where}")
        os._exit(77)
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "policy", where)
    LOG = private_dev(["null", "zero", "full", "random", "urandom", "fuse"], loop_devices)
    install()
    subids()


# ---- asking --------------------------------------------------------------------------------------

def become(user):
    def change():
        os.setgroups(user.groups)
        os.setresgid(user.uid, user.uid, user.uid)
        os.setresuid(user.uid, user.uid, user.uid)
    return change


class Answer:
    def __init__(self, code, words, fds):
        self.code, self.words, self.fds = code, words, fds

    @property
    def fd(self):
        return self.fds[0] if self.fds else -1

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []


def ask(user, tree, *words, kind=socket.SOCK_SEQPACKET, prefix=(), before=None, stdin=None,
        helper=HELPER, **how):
    """@tree: a path; @stdin: a descriptor in its place."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    fd = os.open(tree, os.O_PATH | os.O_DIRECTORY) if stdin is None else stdin

    def prepare():
        become(user)()
        if before:
            before()
    try:
        done = subprocess.run([*prefix, helper, *words], stdin=fd, stdout=theirs,
                              stderr=subprocess.PIPE, preexec_fn=prepare, timeout=30, check=False,
                              **how)
    finally:
        theirs.close()
        if stdin is None:
            os.close(fd)
    try:
        _, fds, _, _ = socket.recv_fds(ours, 16, 4)
    except OSError:
        fds = []
    ours.close()
    return Answer(done.returncode, done.stderr.decode(), fds)


def own(user=ANN, tree=None, uids=None, gids=None, flags="-", **how):
    return ask(user, tree or user.home + "/tree", "own", uids or user.map(), gids or user.map(),
               flags, **how)


def image(user, tree, uids=IMAGE_MAP, gids=IMAGE_MAP, flags="ro", **how):
    return ask(user, tree, "image", uids, gids, flags, **how)


def refused(what, answer, words, code=1, before=None):
    """No answer, these words alone, and the host's mounts are what they were."""
    fine = (answer.code, answer.words, answer.fds) == (code, words and SELF + words + "\n", [])
    mounts = MOUNTS == read("/proc/self/mountinfo")
    answer.close()
    return ok(what, fine and mounts, answer.code, answer.words, mounts, words)


def given(what, answer):
    fine = (answer.code, answer.words, len(answer.fds)) == (0, "", 1)
    return ok(what, fine, answer.code, answer.words, answer.fds)


def remember_mounts():
    global MOUNTS
    MOUNTS = read("/proc/self/mountinfo")


NOT_YOURS = "the directory is not yours"
NO_UIDS = "not all of these uids are yours"
NO_GIDS = "not all of these gids are yours"
NO_MOUNT = "not on this file system or mount"
NO_SOCKET = "standard output is no connected unix socket"
NO_DIRECTORY = "standard input is no directory"
NOT_PUBLISHED = "the directory is not published to you"
BELOW = "something is mounted below the directory"


# ---- containers ----------------------------------------------------------------------------------

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
PTRACE_SEIZE = 0x4206
OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT = 428, 429, 430, 431, 432
MOUNT_SETATTR, OPEN_TREE_ATTR = 442, 467
RDONLY, NOSUID, NODEV, NOEXEC, IDMAP = 1, 2, 4, 8, 0x100000
AT_EMPTY_PATH, AT_RECURSIVE = 0x1000, 0x8000
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
NAMES = {RDONLY: "ro", NOSUID: "nosuid", NODEV: "nodev", NOEXEC: "noexec"}


def call(number, *args):
    """The result, or a negative errno."""
    fixed = [ctypes.c_char_p(a) if isinstance(a, bytes) else ctypes.c_long(a) if isinstance(a, int)
             else a for a in args]
    r = libc.syscall(ctypes.c_long(number), *fixed)
    return r if r >= 0 else -ctypes.get_errno()


def mount_setattr(fd, path, add=0, clear=0, userns=0):
    attr = ctypes.create_string_buffer(struct.pack("QQQQ", add, clear, 0, userns), 32)
    return call(MOUNT_SETATTR, fd, path, AT_EMPTY_PATH if not path else 0, attr, 32)


def mount(source, target, kind, flags, data=None):
    r = libc.mount(source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags),
                   data and data.encode())
    return 0 if r == 0 else -ctypes.get_errno()


def attach(fd, path):
    return call(MOVE_MOUNT, fd, b"", -100, path.encode(), 4)


def inside(user, function, *args):
    """@function, as root of a container of the user with all their ids; what it returns."""
    reader, writer = os.pipe()
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        result = "died"
        try:
            become(user)()
            if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0:
                raise OSError("unshare")
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
            mount("", "/", None, MS_REC | MS_PRIVATE)
            mount("here", "/run/bin", "tmpfs", 0)
            os.makedirs("/run/bin/m")
            result = function(*args)
        except BaseException as error:  # pylint: disable=broad-except
            result = repr(error)
        os.write(writer, json.dumps(result).encode())
        os._exit(0)
    os.close(writer)
    os.read(ready[0], 1)
    for kind in "uid", "gid":
        with open(f"/proc/{child}/{kind}_map", "w", encoding="ascii") as file:
            file.write(f"0 {user.first} 65536")
    os.write(go[1], b"x")
    for fd in (*ready, *go):
        os.close(fd)
    text = b""
    while part := os.read(reader, 65536):
        text += part
    os.close(reader)
    os.waitpid(child, 0)
    return json.loads(text)


HERE = "/run/bin/m"


def options_of(path):
    for line in reversed(read("/proc/self/mountinfo").splitlines()):
        words = line.split(" ")
        if words[4] == path:
            return words[5].split(",")
    return []


# ---- how the program is started ------------------------------------------------------------------

def section_start():
    remember_mounts()
    given("the usual call", own())
    refused("not set-user-ID", own(helper=install(0o755, path="/run/bin/plain")),
            "not installed set-user-ID root, or started where that has no effect")
    refused("no_new_privs", own(before=lambda: libc.prctl(38, 1, 0, 0, 0)),
            "not installed set-user-ID root, or started where that has no effect")
    os.unlink("/run/bin/plain")
    install(0o4755, path="/run/bin/open")
    os.chmod("/run/bin/open", 0o4757)
    refused("a program that others may write", own(helper="/run/bin/open"),
            "not installed as root's own program")
    os.unlink("/run/bin/open")

    def low():
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    refused("too few descriptors allowed", own(before=low), "resource limits too low")
    traps = {"LD_PRELOAD": "/nonexistent.so", "LD_DEBUG": "all", "GLIBC_TUNABLES": "x=y",
             "LD_LIBRARY_PATH": "/nonexistent", "TMPDIR": "/nonexistent"}
    answer = own(env=traps)
    ok("a hostile environment changes nothing", answer.code == 0 and len(answer.fds) == 1,
       answer.words)
    answer.close()

    # Where /proc shows other processes, a number in it is somebody else.
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        libc.unshare(0x20000000)
        answer = own()
        os.write(writer, json.dumps([answer.code, answer.words, len(answer.fds)]).encode())
        os._exit(0)
    os.close(writer)
    same("another pid namespace than that of /proc", json.loads(os.read(reader, 4096)),
         [1, SELF + "cannot start\n", 0])
    os.close(reader)
    os.waitpid(child, 0)

    def blocked():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        os.umask(0o777)
        os.chdir("/proc")
        signal.setitimer(signal.ITIMER_REAL, 0.001)
    given("blocked signals, a timer, a mask and a strange directory change nothing",
          own(before=blocked))
    same("refusals and grants are in the log", [bool(re.match(r"<\d+>lxc-user-idmap: user \d+ ", l))
                                                for l in logged()][:1], [True])


# ---- the command line ----------------------------------------------------------------------------

USAGE = "usage: lxc-user-idmap {own|image} UIDS GIDS {-|ro,nosuid,noexec} <DIRECTORY >SOCKET"


def section_words():
    remember_mounts()
    tree, one = ANN.home + "/tree", ANN.map()

    def table(rows):
        for what, words, message in rows:
            refused(what, ask(ANN, tree, *words), message)
    table([
        ("no arguments", [], USAGE),
        ("an argument too few", ["own", one, one], USAGE),
        ("an argument too many", ["own", one, one, "-", "-"], USAGE),
        ("an argument of a kilobyte", ["own", one, one, "-" * 1024], USAGE),
        ("another command", ["mount", one, one, "-"], "bad argument 1"),
        ("a command in capitals", ["OWN", one, one, "-"], "bad argument 1"),
        ("no command", ["", one, one, "-"], "bad argument 1"),
        ("another flag", ["own", one, one, "dev"], "bad argument 4"),
        ("a flag twice", ["own", one, one, "ro,ro"], "bad argument 4"),
        ("an empty flag", ["own", one, one, ""], "bad argument 4"),
        ("an empty flag at the end", ["own", one, one, "ro,"], "bad argument 4"),
        ("an image that is not read-only", ["image", IMAGE_MAP, IMAGE_MAP, "-"], "bad argument 4"),
        ("an image that is nosuid only", ["image", IMAGE_MAP, IMAGE_MAP, "nosuid"],
         "bad argument 4"),
    ])
    first = ANN.first
    bad = ["", "-", ":", "::", "1", "1:2", f"{first}:{first}", f"{first}:{first}:", f"{first}::1",
           f":{first}:1", f"{first}:{first}:1:1", f"{first}:{first}:1,", f",{first}:{first}:1",
           f" {first}:{first}:1", f"{first}:{first}:1 ", f"{first}:{first}:+1",
           f"-1:{first}:1", f"0{first}:{first}:1", f"0x10:{first}:1", f"{first}:{first}:1\n",
           f"{first}:{first}:0", f"4294967295:{first}:1", f"{first}:4294967295:1",
           f"4294967296:{first}:1", f"18446744073709551616:{first}:1",
           f"{first}:{first}:4294967295", f"4294967290:{first}:6", f"{first}:4294967290:6",
           f"{first}:{first}:4194305",
           f"{first}:{first}:2,{first + 1}:{first + 5}:1",
           f"{first}:{first}:2,{first + 5}:{first + 1}:1",
           ",".join(f"{first + i}:{first + i}:1" for i in range(17)), "٣:1:1"]
    for word in bad:
        refused(f"as uids: {word[:40]!r}", ask(ANN, tree, "own", word, one, "-"), "bad argument 2")
    for word in bad[:12]:
        refused(f"as gids: {word[:40]!r}", ask(ANN, tree, "own", one, word, "-"), "bad argument 3")
    sixteen = ",".join(f"{first + i}:{first + i}:1" for i in range(16))
    given("sixteen extents", ask(ANN, tree, "own", sixteen, sixteen, "-"))
    for flags in "-", "ro", "nosuid,noexec", "noexec,ro,nosuid":
        answer = own(flags=flags)
        given(f"flags {flags}", answer)
        answer.close()

    process = subprocess.run(["sh", "-c", "exec " + HELPER], preexec_fn=become(ANN),
                             capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    same("without descriptors of ours", (process.returncode, process.stdout), (1, ""))


# ---- ids -----------------------------------------------------------------------------------------

def section_ids():
    remember_mounts()
    uid, first, last = ANN.uid, ANN.first, ANN.first + 65535

    def uids(what, word, message, user=ANN):
        answer = own(user, uids=word)
        if message:
            refused(what, answer, message)
        else:
            given(what, answer)
            answer.close()
    uids("disk id 0", f"0:{first}:1", NO_UIDS)
    uids("seen id 0", f"{uid}:0:1", NO_UIDS)
    uids("the disk ids of an image", f"0:{first}:65536", NO_UIDS)
    uids("disk id of another user", f"{BEN.uid}:{first}:1", NO_UIDS)
    uids("seen id of another user", f"{uid}:{BEN.uid}:1", NO_UIDS)
    uids("disk ids of another user's range", f"{BEN.first}:{first}:1", NO_UIDS)
    uids("seen ids of another user's range", f"{uid}:{BEN.first}:1", NO_UIDS)
    uids("the last id", f"{uid}:{last}:1", None)
    uids("up to the last id", f"{first}:{first}:65536", None)
    uids("one past it, seen", f"{uid}:{last + 1}:1", NO_UIDS)
    uids("one past it, on the disk", f"{last + 1}:{first}:1", NO_UIDS)
    uids("across the end, seen", f"{first}:{first + 1}:65536", NO_UIDS)
    uids("across the end, on the disk", f"{first + 1}:{first}:65536", NO_UIDS)
    uids("one before the first", f"{first - 1}:{first}:2", NO_UIDS)
    uids("one before the first, seen", f"{first}:{first - 1}:2", NO_UIDS)
    uids("the own id and the next", f"{uid}:{first}:2", NO_UIDS)
    uids("the second of two extents", f"{uid}:{first}:1,0:{first + 1}:1", NO_UIDS)
    uids("the own id, seen", f"{first}:{uid}:1", None)
    uids("ids of the system", f"100:{first}:1", NO_UIDS)
    refused("gid of a supplementary group", own(gids=f"{GANG}:{first}:1"), NO_GIDS)
    refused("gid 0", own(gids=f"0:{first}:1"), NO_GIDS)
    refused("seen gid of another", own(gids=f"{uid}:{BEN.uid}:1"), NO_GIDS)
    refused("another user with ann's ids", own(BEN, uids=ANN.map()), NO_UIDS)
    refused("a user without ranges", own(COL, uids=f"{COL.uid}:{COL.first}:1"), NO_UIDS)

    def with_file(what, text, want, user=ANN, word=None, gids=SUBIDS, **how):
        subids(text, gids, **how)
        uids(what, word or f"{user.uid}:{user.first}:1", want, user)
    number = f"{uid}:{first}:65536\n"
    with_file("a line with the number", number, None)
    with_file("a line with another number", f"{BEN.uid}:{first}:65536\n", NO_UIDS)
    with_file("a name that begins like ours", f"an:{first}:65536\nannx:{first}:9\n", NO_UIDS)
    with_file("no file", "", NO_UIDS)
    with_file("two ranges that touch are one", f"ann:{first}:100\nann:{first + 100}:100\n", None,
              word=f"{first + 50}:{first + 60}:100")
    with_file("a hole between them is not", f"ann:{first}:100\nann:{first + 101}:100\n", NO_UIDS,
              word=f"{first + 50}:{first + 60}:100")
    with_file("a range that another has too", f"ann:{first}:100\nanna:{first + 99}:100\n", NO_UIDS)
    with_file("the other first", f"anna:{first - 99}:100\nann:{first}:100\n", NO_UIDS)
    with_file("the other next to it", f"anna:{first - 100}:100\nann:{first}:100\n"
              f"bob:{first + 100}:1\n", None)
    with_file("by name and by number is one owner", f"ann:{first}:100\n{uid}:{first}:100\n", None)
    with_file("ids of people", f"ann:{first}:100\nann:1000:10\n", NO_UIDS, word="1000:1000:1")
    with_file("ids of people at the start", f"ann:65535:100000\n", NO_UIDS, word="70000:70000:1")
    with_file("the first that may be", "ann:65536:65536\n", None, word="65536:65536:1")
    for line in (f"ann:{first}:0", f"ann:{first}:", f"ann:{first}", "ann", f"ann::{first}:1",
                 f"ann:{first}:65536\r", f"ann: {first}:65536", f"ann:+{first}:65536",
                 f"ann:0{first}:65536", "ann:4294967295:2", f"ann:{first}:18446744073709551616",
                 f"ann:{first}:4294967295", f"ann:{first}:65536:1", f":{first}:65536",
                 f"#ann:{first}:65536", f" ann:{first}:65536", f"ANN:{first}:65536"):
        with_file(f"the line {line!r}", line + "\n", NO_UIDS)
    damaged = "/etc/subuid or /etc/subgid is damaged"
    with_file("no end of line", number[:-1], None)
    with_file("a line too long", "#" * 513 + "\n" + number, damaged)
    with_file("a NUL byte", "\0\n" + number, damaged)
    with_file("a file of a megabyte", number + "#\n" * (1 << 19), NO_UIDS)
    with_file("a file of another's", number, NO_UIDS, uid=ANN.uid)
    with_file("a file that the group may write", number, NO_UIDS, mode=0o664)
    with_file("a file that others may write", number, NO_UIDS, mode=0o646)
    write("/etc/subuid.real", number)
    os.unlink("/etc/subuid")
    os.symlink("subuid.real", "/etc/subuid")
    uids("a symbolic link", f"{uid}:{first}:1", NO_UIDS)
    os.unlink("/etc/subuid")
    uids("no file at all", f"{uid}:{first}:1", NO_UIDS)
    os.mkfifo("/etc/subuid")
    uids("a fifo", f"{uid}:{first}:1", NO_UIDS)
    os.unlink("/etc/subuid")
    subids()
    subids(SUBIDS, "")
    refused("no line in subgid", own(), NO_GIDS)
    subids()


# ---- the directory -------------------------------------------------------------------------------

def pass_fd(opener, *args):
    fd = opener(*args)
    try:
        return own(stdin=fd)
    finally:
        os.close(fd)


def section_tree():
    remember_mounts()
    tree = ANN.home + "/tree"
    refused("a directory of another user", own(tree=BEN.home), NOT_YOURS)
    refused("/", own(tree="/"), NOT_YOURS)
    refused("root's directory", own(tree=directory(WORK + "/roots")), NOT_YOURS)
    refused("root's directory below ann's", own(tree=directory(ANN.home + "/roots")), NOT_YOURS)
    refused("a shared directory", own(tree=directory(WORK + "/tmp", mode=0o1777)), NOT_YOURS)
    refused("ann's, of another's group", own(tree=directory(ANN.home + "/g1", ANN.uid, BEN.uid)),
            NOT_YOURS)
    refused("ann's, of root's group", own(tree=directory(ANN.home + "/g0", ANN.uid, 0)), NOT_YOURS)
    given("ann's, of a group that she is in",
          own(tree=directory(ANN.home + "/g2", ANN.uid, GANG)))
    given("ann's, of a subordinate group",
          own(tree=directory(ANN.home + "/g3", ANN.uid, ANN.first + 5)))
    given("a closed directory of ann's", own(tree=directory(ANN.home + "/shut", ANN.uid, mode=0)))
    sub = ANN.first + 7
    given("a subordinate id's below ann's", own(tree=directory(ANN.home + "/s/", sub)))
    given("three levels below", own(tree=(directory(ANN.home + "/s/t", sub + 1),
                                          directory(ANN.home + "/s/t/u", sub))[1]))
    refused("with root's between", own(tree=(directory(ANN.home + "/s/r"),
                                             directory(ANN.home + "/s/r/u", sub))[1]), NOT_YOURS)
    refused("a subordinate id's in a shared directory", own(tree=directory(WORK + "/tmp/x", sub)),
            NOT_YOURS)
    refused("a subordinate id's below another user's", own(tree=directory(BEN.home + "/x", sub)),
            NOT_YOURS)
    refused("an id of another's range", own(tree=directory(ANN.home + "/o", BEN.first)), NOT_YOURS)
    deep = ANN.home + "/d"
    for i in range(17):
        deep = directory(f"{deep}/{i}" if i else deep, sub)
        if i == 15:
            given("sixteen levels below", own(tree=deep))
    refused("seventeen levels below", own(tree=deep), NOT_YOURS)
    directory(ANN.home + "/dark", sub)
    refused("below a directory that ann may not enter",
            own(tree=(directory(ANN.home + "/dark/in", sub), os.chmod(ANN.home + "/dark", 0o700),
                      ANN.home + "/dark/in")[2]), NOT_YOURS)
    point = directory(ANN.home + "/point", ANN.uid)
    sh("mount", "-t", "tmpfs", "-o", f"uid={sub},gid={sub},mode=755", "point", point)
    remember_mounts()
    refused("a subordinate id's, and another mount is ann's", own(tree=point), NOT_YOURS)
    sh("umount", point)
    remember_mounts()
    gone = directory(ANN.home + "/gone", ANN.uid)
    fd = os.open(gone, os.O_PATH)
    os.rmdir(gone)
    answer = own(stdin=fd)
    os.close(fd)
    ok("a directory that was removed gives nothing of somebody's", answer.code in (0, 1),
       answer.words)
    answer.close()

    write(ANN.home + "/file", "x", uid=ANN.uid)
    os.symlink(tree, ANN.home + "/link")
    os.mkfifo(ANN.home + "/fifo")
    not_a_directory = {
        "a file": lambda: os.open(ANN.home + "/file", os.O_RDONLY),
        "a file, by O_PATH": lambda: os.open(ANN.home + "/file", os.O_PATH),
        "a symbolic link": lambda: os.open(ANN.home + "/link", os.O_PATH | os.O_NOFOLLOW),
        "a fifo": lambda: os.open(ANN.home + "/fifo", os.O_PATH),
        "a device": lambda: os.open("/dev/null", os.O_RDONLY),
        "a pidfd": lambda: os.pidfd_open(os.getpid()),
        "a memfd": lambda: os.memfd_create("x"),
        "an epoll": lambda: libc.epoll_create1(0),
        "a socket": lambda: socket.socket(socket.AF_UNIX).detach(),
        "an eventfd": lambda: os.eventfd(0),
        "a directory opened for more": lambda: os.open(tree, os.O_RDONLY | os.O_NOATIME),
    }
    for what, opener in not_a_directory.items():
        refused(what, pass_fd(opener), NO_DIRECTORY)
    refused("a namespace", pass_fd(os.open, "/proc/self/ns/user", os.O_RDONLY), NO_DIRECTORY)
    given("opened to read", pass_fd(os.open, tree, os.O_RDONLY | os.O_DIRECTORY))
    refused("closed standard input", own(before=lambda: os.close(0)), NO_DIRECTORY)

    def answer_to(what, make, words=NO_SOCKET):
        fd = os.open(tree, os.O_PATH)
        out = make()
        done = subprocess.run([HELPER, "own", ANN.map(), ANN.map(), "-"], stdin=fd, stdout=out,
                              stderr=subprocess.PIPE, preexec_fn=become(ANN), check=False)
        os.close(fd)
        ok("answer to " + what, (done.returncode, done.stderr.decode(), MOUNTS) == (
            1, SELF + words + "\n", read("/proc/self/mountinfo")), done)
    answer_to("a file", lambda: os.open(WORK, os.O_TMPFILE | os.O_RDWR))
    answer_to("a pipe", lambda: os.pipe()[1])
    answer_to("the directory itself", lambda: os.open(tree, os.O_PATH))
    answer_to("an unconnected socket", lambda: socket.socket(socket.AF_UNIX).detach())
    answer_to("a datagram socket", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]
              .detach())
    answer_to("an internet socket", lambda: socket.socket(socket.AF_INET).detach())
    answer_to("a netlink socket",
              lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).detach())
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.close()
    answer_to("a socket without a reader", theirs.detach, "nobody takes the answer")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.setblocking(False)
    try:
        while True:
            theirs.send(b"x" * 65536)
    except BlockingIOError:
        theirs.setblocking(True)
    answer_to("a full socket", theirs.detach, "nobody takes the answer")
    refused("closed standard output", own(before=lambda: os.close(1)), NO_SOCKET)
    given("answer to a stream", own(kind=socket.SOCK_STREAM))


# ---- mounts --------------------------------------------------------------------------------------

def try_mount(*words):
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


def fake_owner(path):
    """Files of ann's there may not be, but an owner is not what is refused."""
    try:
        os.chown(path, ANN.uid, ANN.uid)
        return True
    except OSError:
        return False


def section_mounts():
    point = directory(ANN.home + "/mnt", ANN.uid)
    silent = {"proc": [], "sysfs": [], "cgroup2": [], "bpf": []}
    for kind in silent:
        if try_mount("-t", kind, kind, point):
            remember_mounts()
            refused(f"a directory on {kind}", own(tree=point), "")
            sh("umount", point)
    overlay = [directory(f"{ANN.home}/{name}", ANN.uid) for name in ("low", "up", "tmp")]
    others = {
        "devpts": ["-o", f"newinstance,uid={ANN.uid},gid={ANN.uid}"],
        "mqueue": [],
        "ramfs": [],
        "overlay": ["-o", "lowerdir={},upperdir={},workdir={}".format(*overlay)],
    }
    for kind, options in others.items():
        if not try_mount("-t", kind, *options, kind, point) or not fake_owner(point):
            continue
        remember_mounts()
        refused(f"a directory on {kind}", own(tree=point), NO_MOUNT)
        sh("umount", point)
    images = {"vfat": ["mkfs.vfat"], "ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q"],
              "btrfs": ["mkfs.btrfs", "-q"], "f2fs": ["mkfs.f2fs", "-q"]}
    for kind, maker in images.items():
        if not shutil.which(maker[0]):
            continue
        size = 1 << 20 if kind == "vfat" else 1 << 24 if kind == "ext4" else 320 << 20
        file = os.environ["TMP"] + "/image"
        with open(file, "wb") as f:
            f.truncate(size)
        sh(*maker, file, check=False)
        options = f"loop,uid={ANN.uid},gid={ANN.uid}" if kind == "vfat" else "loop"
        if not try_mount("-t", kind, "-o", options, file, point):
            continue
        if kind != "vfat":
            os.chown(point, ANN.uid, ANN.uid)
        remember_mounts()
        answer = own(tree=point)
        if kind == "vfat":
            refused("a directory on vfat", answer, NO_MOUNT)
        else:
            given(f"a directory on {kind}", answer)
        answer.close()
        sh("umount", point)
    if try_mount("-t", "tmpfs", "-o", f"uid={ANN.uid},gid={ANN.uid},mode=755", "t", point):
        remember_mounts()
        given("a directory on tmpfs", own(tree=point))
        sh("mount", "-o", "remount,bind,nosymfollow", point)
        remember_mounts()
        refused("a mount that follows no links, which is no lock", own(tree=point), NO_MOUNT)
        sh("umount", point)

    tree = directory(ANN.home + "/covered", ANN.uid)
    write(directory(tree + "/sub") + "/secret", "secret")
    given("before something is mounted below", own(tree=tree))
    for what, options in (("a mount below", []), ("a private one", ["--make-private"]),
                          ("an unbindable one", ["--make-unbindable"]),
                          ("a shared one", ["--make-shared"])):
        sh("mount", "-t", "tmpfs", "over", tree + "/sub")
        if options:
            sh("mount", *options, tree + "/sub")
        remember_mounts()
        refused(what, own(tree=tree), NO_MOUNT if "unbindable" in what else BELOW)
        sh("umount", tree + "/sub")
    write(tree + "/sub/file", "x")
    sh("mount", "--bind", "/dev/null", tree + "/sub/file")
    remember_mounts()
    refused("a file mounted below", own(tree=tree), BELOW)
    sh("umount", tree + "/sub/file")
    sh("mount", "-t", "tmpfs", "beside", directory(ANN.home + "/beside"))
    remember_mounts()
    given("a mount beside it", own(tree=tree))
    sh("umount", ANN.home + "/beside")

    remember_mounts()
    seen_as_hers = f"{ANN.first + 7}:{ANN.uid}:1"
    answer = own(tree=directory(ANN.home + "/mapped", ANN.first + 7), uids=seen_as_hers,
                 gids=seen_as_hers)
    given("a subordinate id's tree seen as ann's", answer)
    same("seen so", os.stat(answer.fd).st_uid, ANN.uid)
    refused("the answer of another run", own(stdin=answer.fd), NO_MOUNT)
    attach(answer.fd, point)
    answer.close()
    remember_mounts()
    refused("a tree that has a map already", own(tree=point), NO_MOUNT)
    sh("umount", point)
    remember_mounts()
    # A descriptor out of another mount namespace.
    process = subprocess.Popen(["unshare", "-m", "sleep", "100"])
    while os.readlink(f"/proc/{process.pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt"):
        time.sleep(0.01)
    fd = os.open(f"/proc/{process.pid}/root{ANN.home}/tree", os.O_PATH)
    refused("a directory of another mount namespace", own(stdin=fd), NO_MOUNT)
    os.close(fd)
    process.kill()
    process.wait()


# ---- images --------------------------------------------------------------------------------------

def publish(text, **how):
    write(POLICY, text, **how)


def subvolumes(store, line):
    """Two directories of one number on one mount."""
    file, volume = os.environ["TMP"] + "/image", directory(store + "/volume")
    if not shutil.which("mkfs.btrfs") or not shutil.which("btrfs"):
        return
    with open(file, "wb") as f:
        f.truncate(320 << 20)
    sh("mkfs.btrfs", "-q", "-f", file)
    if not try_mount("-t", "btrfs", "-o", "loop", file, volume):
        return
    for name in "one", "two":
        sh("btrfs", "subvolume", "create", f"{volume}/{name}")
    remember_mounts()
    same("numbers of subvolumes", os.stat(volume + "/one").st_ino, os.stat(volume + "/two").st_ino)
    line("another subvolume", f"ann image {volume}/one\n", NOT_PUBLISHED, volume + "/two")
    line("and the one that is meant, on btrfs", f"ann image {volume}/one\n", None, volume + "/one")
    sh("umount", volume)


def section_images():
    remember_mounts()
    store = directory("/run/trees/images")
    debian = directory(store + "/debian")
    write(debian + "/etc", "x")
    write(debian + "/shadow", "secret", mode=0o600)
    refused("without a policy", image(ANN, debian),
            f"no {POLICY} that is root's alone")
    given("own trees need none", own())

    def line(what, text, want, tree=debian, user=ANN, **how):
        publish(text)
        answer = image(user, tree, **how)
        if want:
            refused(what, answer, want)
        else:
            given(what, answer)
        answer.close()
    for who in "ann", f"uid:{ANN.uid}", "@gang", f"@gid:{GANG}", "*", f"@gid:{ANN.uid}":
        line(f"to {who}", f"{who} image {debian}\n", None)
        line(f"to {who}, all in the directory", f"{who}\timage  {store}/* # those\n", None)
    for who in ("anna", "an", "uid:52002", "uid:", "@ann", "@gid:52002", "@nobody", "**", "",
                str(ANN.uid), "Ann", "uid:4294967295"):
        line(f"to {who!r}", f"{who} image {debian}\n", NOT_PUBLISHED)
    for text in (f"ann image {store}", f"ann image {debian}/etc", f"ann image {store}/deb",
                 f"ann image {debian}/*", f"ann image {debian}x", "ann image /", "ann image /*",
                 f"ann image {store}*", f"ann images {debian}", f"ann veth {debian}", "ann image",
                 f"ann image .{debian}", f" ann image {debian}", f"#ann image {debian}",
                 f"ann image {debian}\r", f"ann image {store}/*/*", ""):
        line(f"the line {text!r}", text + "\n", NOT_PUBLISHED)
    line("a slash at the end", f"ann image {debian}/\n", None)
    line("an empty file", "", NOT_PUBLISHED)
    line("the second line", f"anna image {debian}\n\n# more\nann image {debian}\n", None)
    damaged = f"{POLICY} is damaged"
    line("a NUL byte", f"ann image {debian}\n\0", damaged)
    line("a line too long", f"ann image {debian}\n" + "#" * 513 + "\n", damaged)
    for what, how in (("another's", {"uid": ANN.uid}), ("writable for the group", {"mode": 0o664}),
                      ("writable for others", {"mode": 0o666})):
        publish(f"ann image {debian}\n", **how)
        refused(f"a policy that is {what}", image(ANN, debian), f"no {POLICY} that is root's alone")
    os.unlink(POLICY)
    good = f"ann image {debian}\n"
    os.symlink("/etc/real", POLICY)
    write("/etc/real", good)
    refused("a policy behind a link", image(ANN, debian), f"no {POLICY} that is root's alone")
    os.unlink(POLICY)

    publish(good)
    uid, first = ANN.uid, ANN.first

    def ids(what, uids, want, gids=IMAGE_MAP):
        line(what, good, want, uids=uids, gids=gids)
    ids("the last disk id", f"65535:{first}:1", None)
    ids("one past the last disk id", f"65536:{first}:1", NO_UIDS)
    ids("across the end of disk ids", f"1:{first}:65536", NO_UIDS)
    ids("seen id of another", f"0:{BEN.first}:1", NO_UIDS)
    ids("seen id 0", "0:0:1", NO_UIDS)
    ids("seen ids past the end", f"0:{first + 1}:65536", NO_UIDS)
    ids("the own id, seen", f"0:{uid}:1", None)
    ids("seen gid of another", IMAGE_MAP, NO_GIDS, f"0:{BEN.first}:1")
    ids("one past the last disk gid", IMAGE_MAP, NO_GIDS, f"65536:{first}:1")
    refused("another user", image(BEN, debian, f"0:{BEN.first}:65536", f"0:{BEN.first}:65536"),
            NOT_PUBLISHED)
    refused("by .. out of it", image(ANN, debian + "/.."), NOT_PUBLISHED)
    refused("a directory in it", image(ANN, directory(debian + "/in")), NOT_PUBLISHED)
    os.symlink("/", debian + "/out")
    refused("by a link out of it", image(ANN, debian + "/out/"), NOT_PUBLISHED)
    os.symlink(debian, store + "/alias")
    line("published by a link", f"ann image {store}/alias\n", NOT_PUBLISHED)
    refused("as an own tree", own(tree=debian), NOT_YOURS)
    for what, mode, owner in (("the group", 0o775, 0), ("others", 0o757, 0), ("ann", 0o755, uid)):
        directory(debian, owner, 0, mode)
        line(f"a tree that {what} can write", good, NOT_PUBLISHED)
        line(f"a tree that {what} can write, by its parent", f"ann image {store}/*\n", NOT_PUBLISHED)
    directory(debian)
    directory(store, mode=0o777)
    line("a directory above that others can write", good, NOT_PUBLISHED)
    directory(store)
    directory(debian, mode=0o700)
    given("a tree that only root may enter", image(ANN, debian))
    line("a tree that only root may enter, by its parent", f"ann image {store}/*\n", None)
    directory(debian)
    for name in "one", "two":  # two file systems, whose first directories have the same number
        sh("mount", "-t", "tmpfs", "-o", "mode=755", name, directory(f"{store}/{name}"))
    remember_mounts()
    same("numbers", os.stat(store + "/one").st_ino, os.stat(store + "/two").st_ino)
    line("a directory of the same number", f"ann image {store}/one\n", NOT_PUBLISHED, store + "/two")
    line("and the one that is meant", f"ann image {store}/one\n", None, store + "/one")
    sh("umount", store + "/one", store + "/two")
    subvolumes(store, line)
    publish(good)
    sh("mount", "-t", "tmpfs", "over", debian + "/in")
    remember_mounts()
    refused("with something mounted below", image(ANN, debian), BELOW)
    elsewhere = directory("/run/trees/elsewhere")
    sh("mount", "--bind", store, elsewhere)
    remember_mounts()
    for text in good, f"ann image {store}/*\n":
        line("by another mount, where nothing is", text, NOT_PUBLISHED, elsewhere + "/debian")
    sh("umount", elsewhere, debian + "/in")
    sh("mount", "--bind", debian, debian)
    remember_mounts()
    line("a tree that is a mount", good, None)
    line("a tree that is a mount, by its parent", f"ann image {store}/*\n", None)
    sh("umount", debian)
    publish(good)
    remember_mounts()
    publish(good)
    answer = image(ANN, debian)
    given("an image", answer)
    same("what is root's on the disk is root's inside", inside(ANN, read_image, answer.fd),
         [0, 0, "secret", -errno.EROFS, -errno.EPERM, -errno.EROFS, -errno.EPERM])
    answer.close()
    logged()
    line("lines that are none are reported", "ann image\n" + good, None)
    ok("in the log", any("1 lines of" in text for text in logged()))


def read_image(fd):
    attached = attach(fd, HERE)
    os.chdir(HERE)
    found = [os.stat(".").st_uid, os.stat("shadow").st_uid, read("shadow")]

    def error(function, *args):
        try:
            function(*args)
        except OSError as e:
            return -e.errno
        return attached
    return found + [error(os.mkdir, "new"), mount_setattr(-100, HERE.encode(), clear=RDONLY),
                    error(os.chmod, "shadow", 0o4755), mount_setattr(fd, b"", clear=NODEV)]


# ---- what the mount can do -----------------------------------------------------------------------

def live_in(fd, ids):
    """Makes files of many owners; what is seen here and whether the host's root is reachable."""
    result = {"attach": attach(fd, HERE)}
    os.close(fd)
    os.chdir(HERE)
    result["owner"] = [os.stat(".").st_uid, os.stat(".").st_gid]
    os.mkdir("made")
    for i in ids:
        name = f"made/{i}"
        write(name, "x")
        os.chown(name, i, i)
        os.chmod(name, 0o6755)
    for i in (65536, 4294967294):
        try:
            os.chown("made/0", i, i)
            result["beyond"] = i
        except OSError as e:
            result.setdefault("errors", []).append(e.errno)
    try:
        os.chmod("roots", 0o4777)
        result["roots"] = "chmod"
    except OSError as e:
        result["roots"] = [os.stat("roots").st_uid, e.errno]
    try:
        with open("roots", "a", encoding="ascii") as file:
            file.write("x")
        result["append"] = "done"
    except OSError as e:
        result["append"] = e.errno
    return result


def section_lend():
    remember_mounts()
    for where in ANN.home, None:
        base = where or directory(os.environ["TMP"] + "/disk", ANN.uid)
        tree = directory(base + "/lent", ANN.uid)
        write(tree + "/roots", "root's\n", mode=0o600)
        write(tree + "/hers", "ann's\n", uid=ANN.uid)
        answer = own(tree=tree)
        given(f"a tree on {'tmpfs' if where else 'the disk'}", answer)
        ids = [0, 1, 2, 1000, 65534, 65535, *range(3, 65535, 997)]
        got = inside(ANN, live_in, answer.fd, ids)
        same("what a container does in it", got, {
            "attach": 0, "owner": [0, 0], "errors": [errno.EINVAL] * 2,
            "roots": [65534, errno.EOVERFLOW], "append": errno.EACCES})
        answer.close()
        want = {str(i): ANN.uid if i == 0 else ANN.first + i for i in ids}
        same("whose that is on the host", {name: os.stat(f"{tree}/made/{name}").st_uid
                                           for name in os.listdir(tree + "/made")}, want)
        same("of which group", {name: os.stat(f"{tree}/made/{name}").st_gid
                                for name in os.listdir(tree + "/made")}, want)
        same("root's file is as it was", (read(tree + "/roots"), os.stat(tree + "/roots").st_mode),
             ("root's\n", 0o100600))
        shutil.rmtree(tree)
    same("and nothing is left", read("/proc/self/mountinfo"), MOUNTS)


# ---- locks ---------------------------------------------------------------------------------------

def take_off(fd, flags):
    """Everything that might clear a flag; what was cleared by what."""
    done = []
    here = HERE.encode()
    attached = attach(fd, HERE)
    if attached < 0:
        return [f"attach {attached}"]
    locked = [bit for bit in NAMES if flags & bit]

    def check(what, path=HERE):
        now = options_of(path)
        for bit in locked:
            if NAMES[bit] not in now:
                done.append(f"{what}: {NAMES[bit]}")
    for bit in [*locked, flags]:
        for target, name in ((fd, b""), (-100, here)):
            if mount_setattr(target, name, clear=bit) != -errno.EPERM:
                done.append(f"mount_setattr {bit}")
            check("mount_setattr")
        if mount("", HERE, None, MS_REMOUNT | MS_BIND | flags & ~bit) != -errno.EPERM:
            done.append(f"remount {bit}")
        check("remount")
    second = "/run/bin/second"
    os.mkdir(second)
    if mount(HERE, second, None, MS_BIND) == 0:
        for bit in locked:
            mount_setattr(-100, second.encode(), clear=bit)
            mount("", second, None, MS_REMOUNT | MS_BIND)
        check("bind", second)
        libc.umount2(second.encode(), 2)
    for bit in locked:
        attr = ctypes.create_string_buffer(struct.pack("QQQQ", 0, bit, 0, 0), 32)
        copy = call(OPEN_TREE_ATTR, -100, here, 1, attr, 32)
        if copy >= 0:
            done.append(f"open_tree_attr {bit}")
        copy = call(OPEN_TREE, -100, here, 1)
        if copy < 0 or mount_setattr(copy, b"", clear=bit) != -errno.EPERM:
            done.append(f"clone {bit}")
        if call(MOVE_MOUNT, copy, b"", -100, second.encode(), 4) == 0:
            mount_setattr(-100, second.encode(), clear=bit)
            check("move", second)
            libc.umount2(second.encode(), 2)
        os.close(copy)
    if mount_setattr(fd, b"", add=IDMAP, userns=os.open("/proc/self/ns/user", 0)) == 0:
        done.append("another map")
    os.chdir(HERE)
    try:
        os.close(os.open("node", os.O_RDONLY))
        done.append("device")
    except OSError as e:
        if e.errno != errno.EACCES:
            done.append(f"device: {e}")
    done += set_id(flags)
    if flags & RDONLY:
        try:
            os.mkdir("new")
            done.append("write")
        except OSError:
            pass
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0:
        for bit in locked:
            mount_setattr(-100, here, clear=bit)
            mount("", HERE, None, MS_REMOUNT | MS_BIND)
        check("nested")
    return done


def set_id(flags):
    """As another id of the container: is a program of ann's still hers?"""
    process = subprocess.run(["./id", "-u"], user=77, group=77, extra_groups=[],
                             capture_output=True, text=True, check=False) \
        if not flags & NOEXEC else None
    if not process:
        try:
            subprocess.run(["./id"], check=False, capture_output=True)
            return ["noexec"]
        except PermissionError:
            return []
    want = "77\n" if flags & NOSUID else "0\n"
    return [] if process.stdout == want else [f"set-user-ID {process.stdout} {process.stderr}"]


def section_locks():
    point = directory(WORK + "/flags")
    for n in range(16):
        bits = sum(bit for i, bit in enumerate(NAMES) if n >> i & 1)
        names = ",".join(NAMES[bit] for bit in NAMES if bits & bit) or "rw"
        sh("mount", "-t", "tmpfs", "-o", "mode=755", "source", point)
        tree = directory(point + "/tree", ANN.uid)
        os.mknod(tree + "/node", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.chown(tree + "/node", ANN.uid, ANN.uid)
        shutil.copy("/usr/bin/id", tree + "/id")
        os.chown(tree + "/id", ANN.uid, ANN.uid)
        os.chmod(tree + "/id", 0o4755)
        sh("mount", "-o", "remount,bind," + names, point)
        remember_mounts()
        answer = own(tree=tree)
        given(f"a source that is {names}", answer)
        same(f"{names} stays", inside(ANN, take_off, answer.fd, bits | NODEV), [])
        answer.close()
        sh("umount", point)
    tree = directory(ANN.home + "/asked", ANN.uid)
    shutil.copy("/usr/bin/id", tree + "/id")
    os.chown(tree + "/id", ANN.uid, ANN.uid)
    os.chmod(tree + "/id", 0o4755)
    os.mknod(tree + "/node", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    os.chown(tree + "/node", ANN.uid, ANN.uid)
    for flags, bits in (("ro", RDONLY), ("nosuid", NOSUID), ("noexec,ro", NOEXEC | RDONLY)):
        answer = own(tree=tree, flags=flags)
        same(f"{flags} that was asked for stays",
             answer.fds and inside(ANN, take_off, answer.fd, bits | NODEV), [])
        answer.close()
    # Without the file system's own rights nobody gets anything, and times of access stay.
    sh("mount", "-t", "tmpfs", "-o", "mode=755,noatime", "source", point)
    tree = directory(point + "/tree", ANN.uid)
    answer = own(tree=tree)
    same("noatime stays", answer.fds and inside(ANN, clear_atime, answer.fd),
         [0, -errno.EPERM, True])
    answer.close()
    sh("umount", point)


def clear_atime(fd):
    return [attach(fd, HERE), mount_setattr(fd, b"", add=0x20, clear=0x70),
            "noatime" in options_of(HERE)]


# ---- what a mount keeps alive --------------------------------------------------------------------

def within_limit():
    """In a user namespace with all ids, where root may have few user namespaces: a user's answers."""
    home = "/run/trees/few"
    mount("few", directory(home), "tmpfs", 0)
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("4")
    tree = directory(home + "/tree", ANN.uid)
    answers = []
    for _ in range(8):
        for _ in range(40):  # the kernel takes a moment to free those that were used
            answers.append(own(tree=tree))
            if answers[-1].code == 0:
                break
            time.sleep(0.05)
    return [len(answer.fds) for answer in answers if answer.code == 0]


def section_keep():
    ready, go, result = os.pipe(), os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        found = "died"
        try:
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNS)
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            found = within_limit()
        except BaseException as error:  # pylint: disable=broad-except
            found = repr(error)
        os.write(result[1], json.dumps(found).encode())
        os._exit(0)
    os.read(ready[0], 1)
    for kind in "uid", "gid":
        write_map = os.open(f"/proc/{child}/{kind}_map", os.O_WRONLY)
        os.write(write_map, b"0 0 4294967295")
        os.close(write_map)
    os.write(go[1], b"x")
    os.close(result[1])
    same("mounts that somebody keeps use up none of root's user namespaces",
         json.loads(os.read(result[0], 65536)), [1] * 8)
    os.waitpid(child, 0)
    for fd in (*ready, *go, result[0]):
        os.close(fd)


# ---- set-user-ID files ---------------------------------------------------------------------------

def make_all(fd):
    attach(fd, HERE)
    os.chdir(HERE)
    for i in range(65536):
        if i % 256 == 0:
            os.mkdir(f"{i}")
        name = f"{i - i % 256}/{i}"
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o755))
        os.chown(name, i, i)
        os.chmod(name, 0o6755)
    return "done"


def section_setid():
    remember_mounts()
    tree = directory(ANN.home + "/all", ANN.uid)
    answer = own(tree=tree)
    same("set-id files of every id", inside(ANN, make_all, answer.fd), "done")
    answer.close()
    foreign, n = [], 0
    for top, names, files in os.walk(tree):
        for name in names + files:
            st = os.lstat(f"{top}/{name}")
            n += 1
            for i in st.st_uid, st.st_gid:
                if i != ANN.uid and not ANN.first <= i < ANN.first + 65536:
                    foreign.append((name, i))
    same("none is somebody else's", (n, foreign[:5]), (65536 + 256, []))
    shutil.rmtree(tree)


# ---- overlay -------------------------------------------------------------------------------------

def overlay_on(fd, base):
    attach(fd, HERE)
    for name in "up", "work", "merged":
        os.mkdir(f"/run/bin/{name}")
    r = mount("o", "/run/bin/merged", "overlay", 0,
              f"userxattr,lowerdir={HERE},upperdir=/run/bin/up,workdir=/run/bin/work")
    if r < 0:
        return r
    os.chdir("/run/bin/merged")
    result = [os.stat("id").st_uid, os.stat("foreign").st_uid, read("shadow")]
    process = subprocess.run(["./foreign", "-u"], user=77, group=77, extra_groups=[],
                             capture_output=True, text=True, check=False)
    result.append(process.stdout)
    try:
        os.chmod("foreign", 0o4777)
        result.append("chmod")
    except OSError as e:
        result.append(e.errno in (errno.EPERM, errno.EOVERFLOW))
    process = subprocess.run(["./id", "-u"], user=77, group=77, extra_groups=[],
                             capture_output=True, text=True, check=False)
    result.append(process.stdout)
    write("shadow", "mine")
    result += [read("shadow"), os.stat("/run/bin/up/shadow").st_uid]
    return result


def section_overlay():
    tree = directory("/run/trees/images/lower")
    publish(f"* image {tree}\n")
    for name, uid in (("id", 0), ("foreign", 70000)):
        shutil.copy("/usr/bin/id", f"{tree}/{name}")
        os.chown(f"{tree}/{name}", uid, uid)
        os.chmod(f"{tree}/{name}", 0o4755)
    write(tree + "/shadow", "secret", mode=0o600)
    remember_mounts()
    answer = image(ANN, tree)
    given("an image to lie below an overlay", answer)
    same("what the container sees and does", inside(ANN, overlay_on, answer.fd, None),
         [0, 65534, "secret", "77\n", True, "0\n", "mine", 0])
    answer.close()
    same("the image is as it was", (read(tree + "/shadow"), sorted(os.listdir(tree)),
                                    os.stat(tree + "/foreign").st_mode & 0o7777),
         ("secret", ["foreign", "id", "shadow"], 0o4755))


# ---- changes between the checks and the copy -----------------------------------------------------

def at_call(name, action, tree):
    """The helper waits before its first such system call until @action is done."""
    stop = f"{WORK}/stop"
    if os.path.exists(stop):
        os.unlink(stop)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fd = os.open(tree, os.O_PATH)
    process = subprocess.Popen(
        ["strace", "-u", ANN.name, "-f", "-o", stop, "-e", f"trace={name}", "-e",
         f"inject={name}:delay_enter=600000:when=1", HELPER, "own", ANN.map(), ANN.map(), "-"],
        stdin=fd, stdout=theirs, stderr=subprocess.PIPE)
    os.close(fd)
    theirs.close()
    end = time.monotonic() + 10
    while time.monotonic() < end and not (os.path.exists(stop) and name in read(stop)):
        time.sleep(0.005)
    action()
    words = process.communicate(timeout=30)[1].decode()
    _, fds, _, _ = socket.recv_fds(ours, 16, 4)
    ours.close()
    return Answer(process.returncode, words, fds)


def noticed(what, answer):
    """What strace(1) puts in place of a call is one that the filter does not know."""
    if answer.code == -signal.SIGSYS:
        return refused(what, answer, "", -signal.SIGSYS)
    return refused(what, answer, "the kernel cannot do this here")


def section_games():
    tree = directory(ANN.home + "/game", ANN.uid)
    other = directory(ANN.home + "/other", BEN.uid)
    remember_mounts()

    def chown_to(uid):
        return lambda: os.chown(tree, uid, uid)

    def swap():
        os.rename(tree, ANN.home + "/moved")
        os.rename(other, tree)
    refused("given to root before the copy", at_call("open_tree", chown_to(0), tree),
            "the directory has changed")
    directory(tree, ANN.uid)
    refused("given to another before the copy", at_call("open_tree", chown_to(BEN.uid), tree),
            "the directory has changed")
    directory(tree, ANN.uid)
    answer = at_call("open_tree", swap, tree)
    ok("exchanged before the copy: the same directory or none",
       not answer.fds or os.stat(answer.fd).st_ino == os.stat(ANN.home + "/moved").st_ino,
       answer.words)
    answer.close()
    os.rename(tree, other)
    os.rename(ANN.home + "/moved", tree)
    directory(tree + "/sub", ANN.uid)

    def cover():
        sh("mount", "-t", "tmpfs", "late", tree + "/sub")
        remember_mounts()
    refused("covered before the copy", at_call("open_tree", cover, tree), BELOW)
    sh("umount", tree + "/sub")
    remember_mounts()
    tree = ANN.home + "/tree"
    for what, result in (("lets an attribute go", "retval=0"), ("is confused", "error=EINVAL")):
        noticed(f"a kernel that {what}",
                traced(["-e", f"inject=mount_setattr:{result}:when=2"], tree))
    # Nodev is there already: what is missing is the map.
    point = directory(WORK + "/nodev")
    sh("mount", "-t", "tmpfs", "-o", "mode=755,nodev", "nodev", point)
    remember_mounts()
    noticed("a kernel that does nothing",
            traced(["-e", "inject=mount_setattr:retval=0:when=1"],
                   directory(point + "/tree", ANN.uid), children=()))
    sh("umount", point)


# ---- system calls that fail ----------------------------------------------------------------------

ERRORS = os.environ.get("ERRORS", "EPERM").split()


def traced(option, tree, children=("-f",)):
    """A run with that option of strace; what it called is in WORK/trace."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fd = os.open(tree, os.O_PATH)
    done = subprocess.run(["strace", "-u", ANN.name, *children, "-qq", "-o", WORK + "/trace",
                           *option, HELPER, "own", ANN.map(), ANN.map(), "-"],
                          stdin=fd, stdout=theirs, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(fd)
    theirs.close()
    _, fds, _, _ = socket.recv_fds(ours, 16, 4)
    ours.close()
    return Answer(done.returncode, done.stderr.decode(), fds)


def is_good(answer):
    """What was handed out is what had to be, whatever failed on the way."""
    return len(answer.fds) == 1 and os.stat(answer.fd).st_uid == ANN.first + 1 and \
        bool(os.fstatvfs(answer.fd).f_flag & NODEV)


def section_faults():
    # From a directory two levels below ann's, so that the way up is gone, too.
    tree = directory(directory(ANN.home + "/fault", ANN.first + 1) + "/in", ANN.first + 1)
    remember_mounts()
    answer = traced([], tree)
    ok("traced", answer.code == 0 and len(answer.fds) == 1, answer.words)
    answer.close()
    calls, counts = [], {}
    for line in read(WORK + "/trace").splitlines():
        if found := re.match(r"\d+ +(\w+)\(", line):
            name = found[1]
            counts[name] = counts.get(name, 0) + 1
            calls.append((name, counts[name]))
    first = next(i for i, call in enumerate(calls) if call[0] == "close_range")
    for error in ERRORS:
        odd = []
        for name, nth in calls[first:]:
            # The C library knows that brk(2) has no errors; of many that are alike, one.
            if name in ("brk", "exit_group") or (name == "rt_sigaction" and nth > 1):
                continue
            if MEASURED and name in ("read", "write", "fcntl", "lseek", "close"):
                continue  # of counters, too
            answer = traced(["-e", f"inject={name}:error={error}:when={nth}"], tree)
            if answer.fds and (answer.code != 0 or not is_good(answer)):
                odd.append((name, nth, answer.code, answer.words))
            if not answer.fds and answer.code == 0:
                odd.append((name, nth, "no answer"))
            answer.close()
        same(f"{error} of each call: refused or right", odd, [])
    ok("and the host's mounts are what they were", MOUNTS == read("/proc/self/mountinfo"))


# ---- attacks on the running program --------------------------------------------------------------

ATTACKS = int(os.environ.get("ATTACKS", "100"))


def attacker():
    """Every new process: looked into, stopped, killed."""
    won = []
    become(ANN)()
    seen = os.getpid()
    end = time.monotonic() + 120
    while time.monotonic() < end and not os.path.exists(WORK + "/attack-ends"):
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) <= seen:
                continue
            pid = int(name)
            try:
                if read(f"/proc/{pid}/comm") != "lxc-user-idmap\n":
                    continue
            except OSError:
                continue
            for what in "mem", "environ", "auxv", "maps", "syscall", "stack", "personality":
                try:
                    text = read(f"/proc/{pid}/{what}")
                    # Before exec, and after all was dropped, it is ann's own process.
                    status = read(f"/proc/{pid}/status")
                    if text and "CapPrm:\t0000000000000000" not in status and \
                            "Name:\tlxc-user-idmap\n" in status:
                        won.append(what)
                except OSError:
                    pass
            for what in "fd", "map_files", "ns":
                try:
                    os.listdir(f"/proc/{pid}/{what}")
                    if what == "fd":
                        os.open(f"/proc/{pid}/fd/0", os.O_RDONLY)
                        won.append("fd")
                except OSError:
                    pass
            try:
                os.readlink(f"/proc/{pid}/root")
                won.append("root")
            except OSError:
                pass
            if libc.ptrace(PTRACE_SEIZE, pid, 0, 0) == 0:
                won.append("ptrace")
            try:
                os.kill(pid, signal.SIGKILL if pid % 4 == 0 else signal.SIGCONT)
            except OSError:
                pass
    os.write(1, json.dumps(won).encode())
    os._exit(0)


def section_attack():
    if MEASURED:
        return
    remember_mounts()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 1)
        attacker()
    os.close(writer)
    odd = []
    for _ in range(ATTACKS):
        answer = own()
        if answer.code not in (1, -signal.SIGKILL) and (answer.code, len(answer.fds)) != (0, 1):
            odd.append((answer.code, answer.words))
        answer.close()
    write(WORK + "/attack-ends", "")
    won = b""
    while part := os.read(reader, 65536):
        won += part
    os.close(reader)
    os.waitpid(child, 0)
    same(f"{ATTACKS} runs under attack: nothing was won", (json.loads(won), odd), ([], []))
    for name in "open_tree", "mount_setattr", "move_mount", "wait4":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fd = os.open(ANN.home + "/tree", os.O_PATH)
        done = subprocess.run(["strace", "-u", ANN.name, "-f", "-o", "/dev/null", "-e",
                               f"inject={name}:signal=KILL:when=1", HELPER, "own", ANN.map(),
                               ANN.map(), "-"], stdin=fd, stdout=theirs, check=False)
        os.close(fd)
        theirs.close()
        same(f"killed in {name}: no answer, and no mount",
             (done.returncode != 0, ours.recv(1), MOUNTS == read("/proc/self/mountinfo")),
             (True, b"", True))
        ours.close()


def main():
    os.umask(0o022)
    make_world()
    for section in sys.argv[1:]:
        print(f"# == {section}", flush=True)
        globals()["section_" + section]()
    finish()


main()
