"""Tells all that a process can see of where it runs: run once warm and once cold (see test_warm.py)."""

import json, os, pathlib, resource, signal, socket, sys

def look(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError as error:
        return type(error).__name__

def test_tell():
    status = dict(line.split(":\t") for line in look("/proc/self/status").split("\n") if ":\t" in line)
    mounts = [line.split(" ") for line in look("/proc/self/mountinfo").split("\n")[:-1]]
    seen = {
        "env": {k: v for k, v in sorted(os.environ.items()) if not k.startswith("PYTEST_")},
        "cwd": os.getcwd(), "argv": sys.argv, "path": sys.path, "flags": str(sys.flags), "umask": os.umask(18),
        "ids": [os.getuid(), os.getgid(), os.getgroups(), os.getsid(0) == os.getpid() or os.getsid(0) > 0],
        "caps": [status[k] for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")],
        "limits": {k: resource.getrlimit(getattr(resource, k)) for k in dir(resource)
                   if k.startswith("RLIMIT_") and k != "RLIMIT_NPROC"},
        "mounts": {m[4]: m[5].split(",")[0] for m in mounts},
        "signals": [str(signal.getsignal(s)) for s in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM)],
        "masks": [status[k] for k in ("SigBlk", "SigIgn")],
        "host": socket.gethostname(), "devices": look("/proc/net/dev").count("\n"),
        "uid_map": look("/proc/self/uid_map").split()[::2], "namespaces": look("/proc/sys/user/max_user_namespaces"),
        "tmp": os.listdir("/tmp"), "home": os.listdir(os.environ["HOME"]), "run": sorted(os.listdir("/run")),
        "main": sorted(n for n in vars(sys.modules["__main__"]) if not n.startswith("__")),
        "handles": sorted(os.readlink(f"/proc/self/fd/{h}").partition(":")[0].partition("#")[0] for h in os.listdir("/proc/self/fd")
                          if os.path.lexists(f"/proc/self/fd/{h}")),
        "own": [look("/proc/self/environ") != "PermissionError", os.access("/proc/self/mem", os.W_OK)],
        "writable": [p for p in ("/", "/usr", "/etc", "/env", "/run", "/work", "/results", "/tmp") if os.access(p, os.W_OK)],
    }
    print("SE" "EN" + json.dumps(seen) + "NE" "ES")
    assert False
