"""Generated answers against the parser: no exception, no unsound answer, no path outside of the root.

    python benchmarks/fuzz_parser.py hypothesis --inputs 100000 [--seed 1]
    python benchmarks/fuzz_parser.py atheris --inputs 1000000 [--seed 1]

Both make texts from the same pieces (headers, delimiters, fences, sections, quotes, unsafe paths) and from noise.
atheris (``pip install atheris``) follows which code each input reaches and varies those that reach new code.
Every input is read whole and again in two pieces; every hundredth is also written to a folder and looked for there.
Exits with 1 at the first failure and prints the input.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

from agents.fileblock import Stream, parse
from agents.fileblock.writing import write
from tests.agents.fileblock.test_properties import check_sound
from tests.agents.fileblock.texts import BLOCKS, PIECES, hostile_texts

STOP_REASONS = (None, "end", "length")
LINES = [*BLOCKS, *BLOCKS, *PIECES]
ENDS = ("\n", "\n", "\n", "\n", "\n", "\r\n", "\r", "")


class Checker:
    """Reads inputs and counts them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0
        self.files = 0
        self.written = 0
        self.start = time.monotonic()

    def check(self, text: str, stop_reason: str | None, cut: int) -> None:
        """Raise AssertionError, or whatever the parser raises, where the input shows a defect."""
        self.count += 1
        answer = parse(text, stop_reason)
        check_sound(answer, text)
        stream = Stream()
        cut %= len(text) + 1
        stream.feed(text[:cut])
        stream.feed(text[cut:])
        assert stream.finish(stop_reason) == answer, "the cut changed the answer"
        self.files += len(answer.submission.files)
        for file in answer.submission.files:
            target = os.path.normpath(self.root / file.path)
            assert target.startswith(f"{self.root}{os.sep}"), "a path leads outside"
        if self.count % 100 == 0 and answer.submission.files:
            self._write(answer.submission.files)
        if self.count % 100_000 == 0:
            print(self.told(), flush=True)

    def told(self) -> str:
        """The figures so far."""
        seconds = time.monotonic() - self.start
        return (
            f"{self.count} inputs, {self.files} files, {self.written} written to disk, "
            f"{seconds:.0f} s, {self.count / seconds:.0f} inputs/s: no failure"
        )

    def _write(self, files: tuple) -> None:  # type: ignore[type-arg]
        with tempfile.TemporaryDirectory(dir=self.root) as place:
            folder = Path(place, "root")
            write(files, folder)
            found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
            assert found == {file.path for file in files}, "other files than named"
            assert [path.name for path in Path(place).iterdir()] == ["root"], "something was written outside"
        self.written += len(files)


def text_from(data: bytes) -> str:
    """A text from bytes: two for each line (its piece, its end), or a run of them as they are."""
    parts: list[str] = []
    at = 0
    while at + 1 < len(data):
        first, second = data[at], data[at + 1]
        at += 2
        if first == 255:
            parts.append(data[at : at + second % 16].decode("utf-8", "replace"))
            at += second % 16
        else:
            parts += [LINES[first % len(LINES)], ENDS[second % len(ENDS)]]
    return "".join(parts)


def by_hypothesis(checker: Checker, inputs: int, seed: int) -> None:
    """Texts from Hypothesis' strategies."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    # In parts, because one run of Hypothesis remembers all that it tried.
    for part in itertools.count():
        left = inputs - checker.count
        if left <= 0:
            break

        @seeded(seed * 1_000_003 + part)
        @given(hostile_texts(), st.sampled_from(STOP_REASONS), st.integers(0, 10_000))
        @settings(
            max_examples=min(left, 20_000),
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        def run(text: str, stop_reason: str | None, cut: int) -> None:
            checker.check(text, stop_reason, cut)

        before = checker.count
        run()
        if checker.count == before:
            break


def by_atheris(checker: Checker, inputs: int, seed: int) -> None:
    """Texts from atheris, which looks for inputs that reach new code."""
    import atheris

    for name, module in list(sys.modules.items()):
        if name.startswith("agents.fileblock."):
            for value in vars(module).values():
                if (
                    callable(value)
                    and getattr(value, "__module__", "") == name
                    and hasattr(value, "__code__")
                ):
                    atheris.instrument_func(value)

    def run(data: bytes) -> None:
        head, body = data[:3], data[3:]
        stop_reason = STOP_REASONS[head[0] % 3] if head else None
        text = text_from(body)
        try:
            checker.check(text, stop_reason, int.from_bytes(head[1:], "big"))
        except BaseException:
            print(repr(text), stop_reason)
            raise
        if checker.count == inputs:
            # The engine leaves the process without coming back here.
            print(checker.told(), flush=True)

    atheris.Setup(["fuzz", f"-runs={inputs}", f"-seed={seed}", "-max_len=26", "-len_control=0"], run)
    atheris.Fuzz()


def main() -> None:
    """Run one engine and print the figures."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("engine", choices=["hypothesis", "atheris"])
    options.add_argument("--inputs", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as root:
        checker = Checker(Path(root).resolve())
        run = {"hypothesis": by_hypothesis, "atheris": by_atheris}[chosen.engine]
        run(checker, chosen.inputs, chosen.seed)
        print(checker.told())


if __name__ == "__main__":
    main()
