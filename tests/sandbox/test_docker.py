"""What is Docker's own: how containers are made, handed files, watched, and found when their process was killed."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import APIClient
from docker.errors import NotFound

from orchestrator.commands.doctor import examine
from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.docker import Docker
from sandbox.isolation.docker_daemon import connect, labels
from sandbox.isolation.docker_watch import first_process, processes_hit
from sandbox.isolation.protocol import Command, Finished, Mount
from sandbox.scratch import ScratchFolder

QUICK = Limits(seconds=20, memory_mb=256, processes=64, output_mb=1, disk_mb=64)
PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


async def sh(docker: Docker, script: str, limits: Limits = QUICK, **more: object) -> Finished:
    return await docker.run(Command(("/bin/bash", "-c", script), cwd="/tmp", limits=limits, **more))  # type: ignore[arg-type]


@pytest.fixture
def api(docker: Docker) -> Iterator[APIClient]:
    client = connect().api
    yield client
    client.close()


async def test_no_privilege_is_there_or_to_be_had(docker: Docker) -> None:
    done = await sh(docker, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; cat /proc/1/comm; id -u")
    rows = dict(line.split(":", 1) for line in done.output.split("\n") if ":" in line)
    assert {int(rows[name], 16) for name in rows if name.startswith("Cap")} == {0}
    assert (rows["NoNewPrivs"].strip(), rows["Seccomp"].strip()) == ("1", "2")
    first, user = done.output.split()[-2:]
    assert first in {"docker-init", "tini"}
    assert user != "0"


async def test_the_machine_and_the_user_have_names(docker: Docker) -> None:
    script = "import getpass, socket; print(getpass.getuser(), socket.gethostbyname(socket.gethostname()))"
    done = await sh(docker, f"python3 -c '{script}'; ls -ld ~", env=PATH)
    assert done.output.startswith("sandbox 127.0.0.1\n")
    assert "sandbox sandbox" in done.output


async def test_later_mounts_cover_earlier_ones(docker: Docker, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, encoding="utf-8")
    done = await sh(
        docker, "cat /tmp/file", mounts=(Mount(tmp_path / "a", "/tmp"), Mount(tmp_path / "b", "/tmp"))
    )
    assert done.output == "b"


async def test_temporary_folders_are_writable_executable_and_bounded(docker: Docker) -> None:
    script = (
        "for place in /tmp /var/tmp ~; do cp /bin/true $place/x && $place/x && echo ran; done; "
        "head -c 30M /dev/zero > /tmp/a; head -c 40M /dev/zero > /tmp/b"
    )
    done = await sh(docker, script)
    assert done.output.count("ran") == 3
    assert "No space left on device" in done.output


async def test_scratch_mount_is_written_to_and_thrown_away(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("as it was", encoding="utf-8")
    (tmp_path / "link").symlink_to("/etc/hostname")
    mount = Mount(tmp_path, "/work/cache", scratch=True)
    for _ in range(2):
        done = await sh(
            docker, "cd /work/cache && cat file && echo changed > file && touch new", mounts=(mount,)
        )
        assert done.output == "as it was"
    assert (tmp_path / "file").read_text(encoding="utf-8") == "as it was"
    assert not (tmp_path / "new").exists()


async def test_mount_points_within_a_folder_are_the_users_own(docker: Docker, tmp_path: Path) -> None:
    work, modules, lock = tmp_path / "work", tmp_path / "modules", tmp_path / "lock"
    work.mkdir()
    modules.mkdir()
    lock.write_text("locked", encoding="utf-8")
    mounts = (Mount(work, "/work", True), Mount(modules, "/work/a/modules"), Mount(lock, "/work/lock"))
    done = await sh(
        docker, "cat /work/lock; mkdir /work/a/made && touch /work/a/made/x && echo ok", mounts=mounts
    )
    assert done.output == "lockedok\n"
    assert len({path.lstat().st_uid for path in work.rglob("*")}) == 1


async def test_a_planted_link_is_not_followed_out_of_the_folder(docker: Docker, tmp_path: Path) -> None:
    work, outside, modules = tmp_path / "work", tmp_path / "outside", tmp_path / "modules"
    for folder in (work, outside, modules):
        folder.mkdir()
    (work / "a").symlink_to(outside)
    (work / "etc").symlink_to("/etc/shadow")
    owner = Path("/etc/shadow").lstat().st_uid
    await sh(docker, "true", mounts=(Mount(work, "/work", True), Mount(modules, "/work/a/modules")))
    assert list(outside.iterdir()) == []
    assert Path("/etc/shadow").lstat().st_uid == owner
    assert outside.lstat().st_uid == os.getuid()


async def test_what_only_we_can_read_can_be_read_inside(docker: Docker, tmp_path: Path) -> None:
    secret = tmp_path / "npmrc"
    secret.write_text("token", encoding="utf-8")
    secret.chmod(0o600)
    done = await sh(
        docker, "cat ~/.npmrc; echo x >> ~/.npmrc", mounts=(Mount(secret, "/home/sandbox/.npmrc"),)
    )
    assert "token" in done.output
    assert "Read-only file system" in done.output
    assert secret.lstat().st_uid == os.getuid()


async def test_a_child_that_used_too_much_memory_is_told(docker: Docker) -> None:
    hog = "python3 -c 'a = [bytearray(20_000_000) for _ in range(8)]; import time; time.sleep(9)'"
    done = await sh(docker, f"{hog} & {hog}; echo survived", Limits(seconds=15, memory_mb=192), env=PATH)
    assert (done.exit_code, done.limit) == (None, "memory")
    assert done.seconds < 8


async def test_arguments_that_no_kernel_takes_are_the_commands_own_fault(docker: Docker) -> None:
    done = await docker.run(Command(("/bin/echo", "x" * 200_000), cwd="/tmp", limits=QUICK))
    assert done.exit_code in {1, 126}  # who says so depends on the daemon's version
    assert "argument list too long" in done.output


async def test_the_persons_proxies_stay_outside(
    docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"proxies": {"default": {"httpProxy": "http://user:planted@proxy.example:1"}}}
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert "planted" not in (await sh(docker, "env; cat /proc/1/environ")).output


def test_the_daemon_counts_processes_where_they_cannot_be_seen(docker: Docker, api: APIClient) -> None:
    container = made(api, docker, ("/bin/bash", "-c", "for i in 1 2 3 4; do sleep 30 & done; wait"), {})
    try:
        api.start(container)
        about = api.inspect_container(container)
        assert first_process(about) == about["State"]["Pid"]
        assert first_process({**about, "Id": "another"}) == 0
        deadline = time.monotonic() + 5
        while processes_hit(api, container, Limits(processes=4)) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert processes_hit(api, container, Limits(processes=4)) == ("processes", "more than 4 processes")
        assert processes_hit(api, container, Limits(processes=8)) is None
    finally:
        api.remove_container(container, force=True)
    assert processes_hit(api, container, Limits(processes=1)) is None


KILLED = """
import asyncio, os, sys
from sandbox.isolation.docker import Docker
from sandbox.isolation.protocol import Command
command = Command(("/bin/bash", "-c", "echo started; sleep 47.5"), cwd="/tmp")
kill = lambda text: os.kill(os.getpid(), 9)
asyncio.run(Docker(sys.argv[1]).run(command, kill))
"""


async def test_containers_of_a_killed_process_are_removed_at_the_next_start(
    docker: Docker, api: APIClient, tmp_path: Path
) -> None:
    program = [sys.executable, "-c", KILLED, docker.image("python")]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    root = Path(__file__).parents[2]
    ended = await asyncio.to_thread(subprocess.run, program, cwd=root, env=environ, check=False)
    assert ended.returncode == -signal.SIGKILL  # it had seen the container's output
    await docker.reap()
    assert not [c["Names"] for c in api.containers(all=True) if "sleep 47.5" in c["Command"]]
    assert b"sleep\x0047.5" not in running()


def running() -> bytes:
    """The command lines of all processes there are."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # one that ends meanwhile
            lines.append(entry.read_bytes())
    return b"\n".join(lines)


async def test_containers_of_others_are_left_alone(docker: Docker, api: APIClient, tmp_path: Path) -> None:
    mine = ScratchFolder("docker")
    elsewhere = {**labels(tmp_path / "gone", 60), "backsmith.where": "another machine"}
    past = {**elsewhere, "backsmith.until": str(int(time.time()) - 1)}
    alive = made(api, docker, ("true",), labels(mine.path, 60))
    foreign = made(api, docker, ("true",), elsewhere)
    over = made(api, docker, ("true",), past)
    gone = made(api, docker, ("true",), labels(tmp_path / "gone", 60))
    try:
        await docker.reap()
        for container in (over, gone):
            with pytest.raises(NotFound):
                api.inspect_container(container)
        assert {api.inspect_container(c)["State"]["Status"] for c in (alive, foreign)} == {"created"}
    finally:
        mine.remove()
        for container in (alive, foreign):
            api.remove_container(container)


def made(api: APIClient, docker: Docker, argv: tuple[str, ...], marks: dict[str, str]) -> str:
    container = api.create_container(docker.image("python"), list(argv), labels=marks, network_disabled=True)
    return str(container["Id"])


def test_a_missing_image_is_told_with_how_to_build_it(docker: Docker) -> None:
    with pytest.raises(SandboxError, match="no Docker image absent-rust") as caught:
        Docker("absent-{toolchain}").image("rust")
    assert caught.value.hint.startswith("build it: docker build -t absent-rust /")
    assert Path(caught.value.hint.rpartition(" ")[2], "Dockerfile").is_file()
    problem = Docker("absent-{toolchain}").problem()
    assert "docker build -t absent-python" in problem
    assert docker.problem() == ""


def test_each_image_that_is_missing_is_told(docker: Docker, api: APIClient) -> None:
    api.tag(docker.image("python"), "backsmith-tests-only-go", "1")
    try:
        partly = Docker("backsmith-tests-only-{toolchain}:1")
        assert {name for name, lacking in partly.lacking().items() if not lacking} == {"go"}
        assert "docker build -t backsmith-tests-only-rust:1 /" in partly.lacking()["rust"]
        assert partly.problem() == ""
    finally:
        api.remove_image("backsmith-tests-only-go:1")


def test_doctor_tells_of_each_image(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSMITH_DOCKER_IMAGES", "absent-{toolchain}")
    told = {finding.name: finding for finding in examine() if finding.area == "sandbox"}
    assert told["docker"].state == "missing"
    assert "docker build -t absent-node /" in told["docker: node"].detail
    monkeypatch.setenv("BACKSMITH_DOCKER_IMAGES", docker.image("python"))
    assert {f.state for f in examine() if f.name.startswith("docker")} == {"ok"}


def test_no_daemon_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    assert "no Docker daemon answers" in Docker().problem()
    assert "systemctl start docker" in Docker().problem()


def test_a_daemon_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://builder.example")
    assert "is not on this machine" in Docker().problem()
