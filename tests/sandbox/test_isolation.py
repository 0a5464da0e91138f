"""What every isolation must do, and what only one that isolates can."""

import asyncio
import time
from pathlib import Path

import pytest

from prompts.errors import ConfigError
from prompts.task import Limits
from sandbox.isolation.capture import HEAD, TAIL, Capture
from sandbox.isolation.choose import choose_isolation, isolation_names, load_isolation
from sandbox.isolation.limits import process_limits, task_bound
from sandbox.isolation.protocol import Command, Finished, Isolation, Mount

# bash's options for the limits of setrlimit(2), and what they count in.
_ULIMIT_OPTIONS = {
    "RLIMIT_CORE": ("c", 1024),
    "RLIMIT_DATA": ("d", 1024),
    "RLIMIT_FSIZE": ("f", 1024),
    "RLIMIT_CPU": ("t", 1),
    "RLIMIT_NOFILE": ("n", 1),
}
QUICK = Limits(seconds=10, memory_mb=512, processes=64, output_mb=1, disk_mb=64)


async def sh(isolation: Isolation, script: str, limits: Limits = QUICK, **more: object) -> Finished:
    return await isolation.run(Command(("/bin/bash", "-c", script), cwd="/tmp", limits=limits, **more))  # type: ignore[arg-type]


async def test_output_and_exit_code(any_isolation: Isolation) -> None:
    done = await sh(any_isolation, "echo out; echo err >&2; exit 7")
    assert (done.exit_code, done.limit, done.ok) == (7, None, False)
    assert sorted(done.output.split()) == ["err", "out"]


async def test_environment_is_what_was_given(
    any_isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    done = await sh(any_isolation, "env", env={"GIVEN": "yes"})
    assert "GIVEN=yes" in done.output
    assert "sk-planted" not in done.output


async def test_deadline_ends_the_whole_tree(any_isolation: Isolation) -> None:
    script = "setsid sleep 41.5 & (trap '' TERM INT HUP; sleep 41.5) & echo started; sleep 41.5"
    start = time.monotonic()
    done = await sh(any_isolation, script, Limits(seconds=0.7))
    assert (done.exit_code, done.limit) == (None, "time")
    assert "started" in done.output
    assert time.monotonic() - start < 5
    assert not await left_over("sleep\x0041.5")


async def test_a_child_that_holds_the_output_open_is_not_waited_for(any_isolation: Isolation) -> None:
    start = time.monotonic()
    done = await sh(any_isolation, "setsid sleep 42.5 & echo done")
    assert done.ok
    assert time.monotonic() - start < 5
    assert not await left_over("sleep\x0042.5")


async def test_output_limit(any_isolation: Isolation) -> None:
    done = await sh(any_isolation, "head -c 50000000 /dev/zero | tr '\\0' x; sleep 30")
    assert done.limit == "output"
    assert len(done.output) < HEAD + TAIL + 200


async def test_memory_limit(any_isolation: Isolation) -> None:
    script = (
        "for i in 1 2 3 4; do python3 -c 'a = b\"x\" * 200_000_000; import time; time.sleep(30)' & done; wait"
    )
    done = await sh(any_isolation, script, Limits(seconds=20, memory_mb=400), env={"PATH": "/usr/bin:/bin"})
    assert done.limit == "memory"


async def test_fork_bomb(any_isolation: Isolation) -> None:
    if any_isolation.name == "host":
        pytest.skip("a fork bomb is not let loose on the bare host")
    done = await sh(
        any_isolation, "bomb() { bomb | bomb & }; bomb; sleep 30", Limits(seconds=20, processes=50)
    )
    assert done.limit == "processes"


async def test_kernel_bounds_tasks(isolation: Isolation) -> None:
    script = (
        "import threading, time\n"
        "started = 0\n"
        "try:\n"
        "    for started in range(3000):\n"
        "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "except RuntimeError: print('refused')\n"
        "print(started, flush=True)\n"
        "import os; os._exit(0)\n"
    )
    few = Limits(seconds=30, processes=10)
    done = await isolation.run(
        Command(("python3", "-c", script), cwd="/tmp", limits=few, env={"PATH": "/usr/bin:/bin"})
    )
    refused, started = done.output.split()
    assert refused == "refused"
    assert int(started) <= task_bound(few)


async def test_disk_limit(any_isolation: Isolation, tmp_path: Path) -> None:
    mount = Mount(tmp_path, "/work", writable=True)
    work = any_isolation.inside(mount)
    script = f"for i in $(seq 100); do head -c 4000000 /dev/zero > {work}/$i || exit 9; sleep 0.05; done"
    done = await sh(any_isolation, script, Limits(seconds=20, disk_mb=32), mounts=(mount,))
    assert done.limit == "disk"


async def test_file_size_limit(any_isolation: Isolation, tmp_path: Path) -> None:
    mount = Mount(tmp_path, "/work", writable=True)
    script = f"truncate -s 100M {any_isolation.inside(mount)}/large"
    done = await sh(any_isolation, script, mounts=(mount,))
    assert (done.exit_code, done.limit) == (None, "file-size")
    assert done.detail == "wrote a file of more than 64 MiB"


async def test_processor_time_that_ran_out_is_told(any_isolation: Isolation) -> None:
    # The limit itself is four times the deadline; a command may lower it.
    done = await sh(any_isolation, "ulimit -S -t 1; while :; do :; done")
    assert (done.exit_code, done.limit) == (None, "cpu")
    assert done.detail == "used up its processor time"


async def test_limits_of_each_process(any_isolation: Isolation) -> None:
    limits = Limits(seconds=15, memory_mb=300, disk_mb=30)
    options = {name: _ULIMIT_OPTIONS[name] for name in process_limits(limits)}
    done = await sh(
        any_isolation, "".join(f"ulimit -H -{option}; " for option, _ in options.values()), limits
    )
    wanted = [most // options[name][1] for name, most in process_limits(limits).items()]
    assert [int(line) for line in done.output.split()] == wanted


async def test_too_many_open_files_are_refused(any_isolation: Isolation) -> None:
    script = "python3 -c 'import os; [os.dup(1) for _ in range(5000)]'"
    done = await sh(any_isolation, script, env={"PATH": "/usr/bin:/bin"})
    assert "Too many open files" in done.output
    assert (done.exit_code, done.limit) == (1, None)


async def test_cancelling_ends_the_command(any_isolation: Isolation) -> None:
    task = asyncio.create_task(sh(any_isolation, "sleep 43.5"))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await left_over("sleep\x0043.5")


async def test_network_is_loopback_alone(isolation: Isolation) -> None:
    script = (
        "import pathlib, socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close(); print('loopback works')\n"
        "devices = pathlib.Path('/proc/net/dev').read_text().split('\\n')[2:-1]\n"
        "routes = pathlib.Path('/proc/net/route').read_text().split('\\n')[1:-1]\n"
        "print([d.split(':')[0].strip() for d in devices], routes)\n"
    )
    done = await isolation.run(
        Command(("python3", "-c", script), cwd="/tmp", limits=QUICK, env={"PATH": "/usr/bin:/bin"})
    )
    assert done.output == "loopback works\n['lo'] []\n"


async def test_host_is_out_of_sight(isolation: Isolation, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("planted", encoding="utf-8")
    done = await sh(
        isolation, f"cat {secret}; cat /etc/shadow; ls -A /root ~; id -u; ls -d /proc/[0-9]* | wc -l"
    )
    assert "planted" not in done.output
    assert "root:" not in done.output
    user, processes = done.output.split()[-2:]
    assert user == "1000"
    assert int(processes) < 6


async def test_system_is_read_only(isolation: Isolation, tmp_path: Path) -> None:
    mount = Mount(tmp_path, "/data")
    done = await sh(isolation, "touch /usr/x /etc/x /data/x; echo $?", mounts=(mount,))
    assert done.output.count("Read-only file system") == 3
    assert list(tmp_path.iterdir()) == []


async def test_bwrap_shows_no_host_paths_inside(isolation: Isolation, tmp_path: Path) -> None:
    done = await sh(isolation, "cat /proc/*/cmdline", mounts=(Mount(tmp_path, "/data"),))
    assert str(tmp_path) not in done.output


def test_auto_never_takes_the_bare_host() -> None:
    assert isolation_names()[0] == "auto"
    try:
        assert choose_isolation("auto").name != "host"
    except Exception as error:
        assert "sandbox" in str(error)


def test_unknown_name_is_told() -> None:
    with pytest.raises(ConfigError, match="no sandbox is called 'gvisor'"):
        load_isolation("gvisor")


def test_capture_keeps_head_and_tail() -> None:
    capture = Capture()
    for number in range(100_000):
        capture.feed(b"%06d\n" % number)
    text = capture.text()
    assert text.startswith("000000\n")
    assert text.endswith("099999\n")
    missing = 700_000 - HEAD - TAIL
    assert f"[... {missing} bytes left out ...]" in text


async def left_over(cmdline: str) -> bool:
    """Whether a process with that command line is still there a moment later."""
    await asyncio.sleep(0.2)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if cmdline.encode() in (entry / "cmdline").read_bytes() and "Z" not in state(entry):
                return True
        except OSError:
            continue
    return False


def state(entry: Path) -> str:
    return (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
