# SPDX-License-Identifier: LGPL-2.1-or-later
"""copy-killed.py RLXC LXCPATH USER POINTS: kills of commands that copy, see copy-killed.sh. Runs as
root, the commands as USER (or as root: ""). LXCPATH has a container `a` with a small root file system,
which may be in an image.
Prints a line for each operation: "good TEXT" or "bad TEXT", and "# TEXT" with details."""
import collections
import os
import pwd
import re
import shutil
import subprocess
import sys

RLXC, LXCPATH, USER, POINTS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
# Whatever leaves something behind, or is a moment between two such things.
CALLS = ("mkdirat,openat,linkat,renameat,renameat2,unlinkat,write,fchmod,fchown,fchownat,symlinkat,"
         "clone3,fsync,syncfs,utimensat,close,newfstatat,ftruncate,move_mount,flock,rmdir,exit_group")


def environment():
    env = {"PATH": os.environ["PATH"], "HOME": "/root"}
    if USER:
        env.update(HOME=pwd.getpwnam(USER).pw_dir, USER=USER, LOGNAME=USER)
    return env


ENV = environment()


def strace(options, arguments):
    user = ["-u", USER] if USER else []
    return subprocess.run(["strace", "-f", "-qq", *user, *options, RLXC, arguments[0], "-P", LXCPATH,
                           *arguments[1:]], env=ENV, cwd="/", stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30)


def rlxc(*arguments):
    """One of our commands, undisturbed. (returncode, output)"""
    ids = {}
    if USER:
        entry = pwd.getpwnam(USER)
        ids = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    done = subprocess.run([RLXC, arguments[0], "-P", LXCPATH, *arguments[1:]], env=ENV, cwd="/",
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, **ids)
    return done.returncode, done.stdout + done.stderr


def must(*arguments):
    code, output = rlxc(*arguments)
    if code:
        raise RuntimeError(f"{arguments}: {output}")


def points_of(arguments):
    """Kills to try, from one run that is not killed: ("renameat", 2) is at its second renameat of
    whichever process gets there first. Spread evenly over all."""
    trace = LXCPATH + ".trace"
    done = strace(["-o", trace, "-e", "trace=" + CALLS], arguments)
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr}")
    counts = collections.Counter(re.findall(r"^(\d+) +(\w+)\(", open(trace).read(), re.M))
    most = collections.Counter()
    for (_, call), n in counts.items():
        most[call] = max(most[call], n)
    points = [(call, i) for call, n in sorted(most.items()) for i in range(1, n + 1)]
    return [points[i * len(points) // POINTS] for i in range(POINTS)] if len(points) > POINTS else points


# ---- what there is -------------------------------------------------------------------------------

def read(*path):
    with open(os.path.join(LXCPATH, *path)) as file:
        return file.read()


def exists(*path):
    return os.path.lexists(os.path.join(LXCPATH, *path))


IN_IMAGE = exists("a", "rootdev")


def debugfs(image, *lines):
    return subprocess.run(["debugfs", "-w", "-f", "-", image], input="\n".join(lines), check=True,
                          capture_output=True, text=True).stdout


def image_of(*path):
    """The image that the configuration of a container names."""
    return re.search(r"^lxc\.rootfs\.path = loop:(.*)$", read(*path, "config"), re.M).group(1)


def hostname(*path):
    if not IN_IMAGE:
        return read(*path, "rootfs/etc/hostname")
    return debugfs(image_of(*path), "cat /etc/hostname").split("cat /etc/hostname\n")[1].split("debugfs:")[0]


def content_of(full, top):
    """Without what differs each time: which name an image has, and tags. What is a rest counts once."""
    if IN_IMAGE and os.path.basename(full).startswith("rootdev"):
        return hostname(top)
    text = re.sub(r"rootdev_\d+", "rootdev", open(full).read())
    return "\n".join(dict.fromkeys(re.sub("rlxc-[0-9a-f]{16}", "TAG", text).split("\n")))


def is_rest(full, top):
    """An image that does not count, until the next restore."""
    return IN_IMAGE and os.path.basename(full).startswith("rootdev") and full != image_of(top)


def tree(*path):
    """All files of a container as (path, mode, owner, content), without what other containers note
    there."""
    found = []
    top = os.path.join(LXCPATH, *path)
    for above, dirs, files in os.walk(top):
        if above == top and "snaps" in dirs:
            dirs.remove("snaps")
        for name in dirs + files:
            full = os.path.join(above, name)
            st = os.lstat(full)
            if is_rest(full, top):
                continue
            content = content_of(full, top) if os.path.isfile(full) else None
            # Nor a temporary file, which is never looked at and goes with the container.
            if name != "lxc_snapshots" and not (name.startswith("..") and name.endswith(".new")):
                found.append((re.sub(r"rootdev_\d+", "rootdev", os.path.relpath(full, top)), st.st_mode, st.st_uid, content))
    return sorted(found, key=lambda row: row[0])


def same(what, got, want):
    differ = {str(row) for row in got} ^ {str(row) for row in want}
    return [f"{what}: {sorted(row[:120] for row in differ)}"] if differ else []


def remove(name):
    """Also what should not be there."""
    if exists(name, "config"):
        must("destroy", "-s", "-n", name)
    shutil.rmtree(os.path.join(LXCPATH, name), ignore_errors=True)


def fill(container, word):
    if IN_IMAGE:
        with open(LXCPATH + ".word", "w") as file:
            file.write(word)
        debugfs(image_of(container), "rm /etc/hostname", "cd /etc", f"write {LXCPATH}.word hostname")
    else:
        with open(os.path.join(LXCPATH, container, "rootfs/etc/hostname"), "w") as file:
            file.write(word)
    config = os.path.join(LXCPATH, container, "config")
    text = re.sub(r"lxc\.environment.*\n", "", open(config).read())
    with open(config, "w") as file:
        file.write(text + f"lxc.environment = WORD={word}\n")


# ---- operations ----------------------------------------------------------------------------------
# begin() makes the state before and returns the arguments of the command; check() lists what is
# wrong one command after the kill; end() removes what there is now.

class Operation:
    allowed = {"a"}

    def begin(self):
        return self.arguments

    def end(self):
        pass

    def next(self):
        return rlxc("ls", "-1")

    def run(self):
        self.once()  # the states themselves
        arguments = self.begin()
        points = points_of(arguments)
        self.settle()
        self.end()
        bad = []
        for call, n in points:
            arguments = self.begin()
            strace(["-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}"],
                   arguments)
            wrong = self.settle()
            bad += [f"# {self.name} at {call}:{n}: {line}" for line in wrong]
            self.end()
        print("bad" if bad else "good", f"{self.name}, killed at {len(points)} points", flush=True)
        for line in bad[:20]:
            print(line[:1500], flush=True)

    def once(self):
        pass

    def settle(self):
        code, output = self.next()
        wrong = [output] if code else []
        left = set(os.listdir(LXCPATH)) - self.allowed - {".run"}
        return wrong + ([f"left: {left}"] if left else []) + self.check()


class Copy(Operation):
    allowed = {"a", "k"}

    def __init__(self, name, *more):
        self.name = name
        self.arguments = ["copy", "-n", "a", "-N", "k", *more]

    def once(self):
        self.source = tree("a")
        must(*self.arguments)
        self.copy = tree("k")
        self.end()

    def check(self):
        wrong = same("the source", tree("a"), self.source)
        return wrong + (same("the copy", tree("k"), self.copy) if exists("k") else [])

    def end(self):
        remove("k")


class Rename(Operation):
    name = "rename"
    allowed = {"a", "r1", "r2"}

    def once(self):
        must("copy", "-n", "a", "-N", "r2")
        must("copy", "-n", "r2", "-N", "r1", "-R")
        self.states = {"r1": tree("r1")}
        must("copy", "-n", "r1", "-N", "r2", "-R")
        self.states["r2"] = tree("r2")

    def run(self):
        super().run()
        remove("r1")
        remove("r2")

    def begin(self):
        self.now = "r1" if exists("r1") else "r2"
        self.other = "r2" if exists("r1") else "r1"
        return ["copy", "-n", self.now, "-N", self.other, "-R"]

    def next(self):
        return rlxc("info", "-n", self.now if exists(self.now) else self.other, "-s")

    def check(self):
        names = [name for name in self.states if exists(name)]
        if len(names) != 1:
            return [f"there are {names}"]
        hostname = {"r1": "r1", "r2": "r2"}[names[0]]
        want = [row if row[0] != "rootfs/etc/hostname" else (*row[:3], hostname) for row in self.states[names[0]]]
        got = [row for row in tree(names[0]) if not row[0].startswith(".config.")]
        # The name inside is changed last, and may be the old one.
        got = [row if row[0] != "rootfs/etc/hostname" else (*row[:3], hostname) for row in got]
        return same("the container", got, want)


class Snapshot(Operation):
    name = "snapshot"
    arguments = ["snapshot", "-n", "a", "-c", os.path.join(LXCPATH, "a/config")]

    def once(self):
        self.source = tree("a")
        must(*self.arguments)
        self.copy = self.look()
        self.end()

    def next(self):
        return rlxc("snapshot", "-n", "a", "-L", "-C")

    def look(self):
        return [row[:3] if row[0] == "ts" else row for row in tree("a/snaps/snap0")]

    def check(self):
        wrong = same("the source", tree("a"), self.source)
        left = os.listdir(os.path.join(LXCPATH, "a/snaps")) if exists("a/snaps") else []
        if set(left) - {"snap0"}:
            wrong.append(f"left: {left}")
        return wrong + (same("the snapshot", self.look(), self.copy) if left else [])

    def end(self):
        if exists("a/snaps/snap0/config"):
            must("snapshot", "-n", "a", "-d", "ALL")
        shutil.rmtree(os.path.join(LXCPATH, "a/snaps"), ignore_errors=True)


class Restore(Operation):
    name = "restore"
    allowed = {"a", "k"}

    def once(self):
        must("copy", "-n", "a", "-N", "k")
        self.states = {}
        for word in ("0", "1"):
            fill("k", word)
            must("snapshot", "-n", "k")
        for word in ("0", "1"):
            must("snapshot", "-n", "k", "-r", "snap" + word)
            self.states[word] = self.look()

    def look(self):
        # What is replaced, or was to be, goes with the next restore.
        return [row for row in tree("k") if not re.match(r"\.(new|old)", row[0])]

    def begin(self):
        self.word = hostname("k").strip()
        return ["snapshot", "-n", "k", "-r", "snap1" if self.word == "0" else "snap0"]

    def next(self):
        return rlxc("info", "-n", "k", "-s")

    def check(self):
        now = self.look()
        return [] if now in self.states.values() else same("the container", now, self.states[self.word])

    def run(self):
        super().run()
        must("snapshot", "-n", "k", "-r", "snap0")
        names = os.listdir(os.path.join(LXCPATH, "k"))
        left = [name for name in names if name.startswith((".new", ".old", ".res"))]
        left += [name for name in names if is_rest(os.path.join(LXCPATH, "k", name), "k")]
        print("bad" if left else "good", "the next restore leaves nothing over", *left)
        must("destroy", "-s", "-n", "k")


class Destroy(Operation):
    name = "destroy"
    allowed = {"a", "k"}
    arguments = ["destroy", "-n", "k"]

    def once(self):
        must("copy", "-n", "a", "-N", "k")
        shutil.rmtree(LXCPATH + ".saved", ignore_errors=True)
        subprocess.run(["cp", "-a", os.path.join(LXCPATH, "k"), LXCPATH + ".saved"], check=True)
        self.copy = tree("k")

    def begin(self):
        if not exists("k"):
            subprocess.run(["cp", "-a", LXCPATH + ".saved", os.path.join(LXCPATH, "k")], check=True)
        return self.arguments

    def check(self):
        return same("the container", tree("k"), self.copy) if exists("k") else []


def main():
    in_image = (Copy("copy"), Snapshot(), Restore())
    for operation in in_image if IN_IMAGE else (
            Copy("copy"), Copy("copy -s", "-s"), Rename(), Snapshot(), Restore(), Destroy()):
        operation.run()


main()
