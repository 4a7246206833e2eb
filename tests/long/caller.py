# SPDX-License-Identifier: LGPL-2.1-or-later
"""What sweep.py and mix.py share: commands run as a kind of caller, and what is left of containers."""
import glob
import os
import pwd
import subprocess
import time

# In the configuration of each container, and so in the environment of what runs inside.
MARK = "RLXC_TEST_MARK"


class Caller:
    """USER: "" for root, or who runs the tests. CGROUP: a cgroup of USER's, "" for none."""

    def __init__(self, rlxc, lxcpath, user="", cgroup=""):
        self.rlxc, self.lxcpath, self.user, self.cgroup = rlxc, lxcpath, user, cgroup
        self.env = {"PATH": os.environ["PATH"], "HOME": pwd.getpwuid(os.getuid()).pw_dir}
        self.ids = {}
        if user:
            entry = pwd.getpwnam(user)
            self.env.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
            self.ids = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def popen(self, *words, become=True, **more):
        """@become: switch to the user here, not in the program itself."""
        enter = None
        if self.cgroup:
            def enter():
                with open(os.path.join(self.cgroup, "cgroup.procs"), "w") as file:
                    file.write("0")
        # The cgroup is root's to enter: setpriv switches after that.
        if become and self.user:
            words = ("setpriv", "--reuid", self.user, "--regid", str(self.ids["group"]), "--init-groups", *words)
        return subprocess.Popen(words, env=self.env, cwd="/", stdin=subprocess.DEVNULL, preexec_fn=enter,
                                text=True, **more)

    def run(self, command, *words, timeout=60):
        """One of our commands: (exit code, output). A command that hangs is None."""
        child = self.popen(self.rlxc, command, "-P", self.lxcpath, *words, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        try:
            output = child.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            child.kill()
            return None, f"{command} {' '.join(words)}: no end after {timeout} s\n" + child.communicate()[0]
        return child.returncode, output

    def state(self, name):
        return self.run("info", "-n", name, "-sH")[1].strip()

    # ---- what is left ----

    def processes(self, name="*"):
        found = []
        title = f"[lxc monitor] {self.lxcpath} " + ("" if name == "*" else name + "\0")
        for path in glob.glob("/proc/[0-9]*"):
            try:
                with open(path + "/cmdline") as file:
                    if file.read().replace(" \0", "\0").startswith(title):
                        found.append(os.path.basename(path) + " monitor")
                        continue
                with open(path + "/environ", "rb") as file:
                    if f"{MARK}={self.lxcpath}/".encode() in file.read():
                        found.append(os.path.basename(path) + " inside")
            except (OSError, UnicodeDecodeError):
                pass
        return found

    def files(self):
        """Run-time directories with something in them, and half-written files."""
        found = []
        for base in ["/run/rlxc", os.path.join(self.lxcpath, ".run"), *glob.glob("/run/user/*/rlxc")]:
            for above, _, files in os.walk(base):
                # Before its first record a start has made nothing else: the next one goes on from there.
                found += [os.path.join(above, name) for name in files
                          if self.is_ours(above) and name != "lock" and not name.startswith(".state.")]
        for above, dirs, files in os.walk(self.lxcpath):
            dirs[:] = [name for name in dirs if name not in ("rootfs", ".run")]
            found += [os.path.join(above, name) for name in files if name.endswith(".new") or name == "partial"]
        return found

    def is_ours(self, path):
        """The directory of a store in /run has the hash of its path as name: FNV-1a."""
        number = 0xcbf29ce484222325
        for byte in self.lxcpath.encode():
            number = (number ^ byte) * 0x100000001b3 % 2**64
        return f"/{number:016x}" in path or path.startswith(self.lxcpath)

    def cgroups(self):
        found = []
        for above, dirs, _ in os.walk("/sys/fs/cgroup"):
            found += [os.path.join(above, name) for name in dirs
                      if name.startswith(("lxc.payload.", "lxc.monitor.")) and self.names_us(name)]
        return found

    def names_us(self, name):
        return name.split(".", 2)[2].rsplit("-", 1)[0].startswith(self.prefix)

    prefix = "t"  # of the names of all containers of a test

    def left(self):
        with open("/proc/self/mountinfo") as file:
            mounts = [line for line in file if self.lxcpath in line]
        return self.processes() + self.files() + self.cgroups() + mounts

    def wait_for_nothing(self, seconds=10):
        """What is still left then, and how long it took."""
        begin = time.monotonic()
        while True:
            left, waited = self.left(), time.monotonic() - begin
            if not left or waited > seconds:
                return left, waited
            time.sleep(0.02)
