"""What a person sees while an eval runs."""

from pathlib import Path

from agents.batch.service import Progress as Batch
from orchestrator.eval_progress import Progress
from tests.orchestrator.engines import Scripted, engine, passes


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_batches_are_told_while_their_provider_works_on_them(suite: Path, tmp_path: Path) -> None:
    shown: list[str] = []
    clock = Clock()
    progress = Progress(shown.append, 10, shown.append, clock)
    async with engine(suite, tmp_path / "run", Scripted(), passes) as prepared:
        progress.attach(prepared)
        for done, failed in ((0, 0), (2, 1)):
            clock.now += 30
            progress.batch(Batch("b-1", 6, done, failed, ended=False))
        clock.now += 1
        progress.batch(Batch("b-2", 4, 1, 0, ended=False))
        assert len(shown) == 2, "not more often than it is to be shown"
        assert "batch 0/6 answered" in shown[0]
        assert "batch 3/6 answered (1 failed)" in shown[1]
        progress.show()
        assert "2 batches 4/10 answered (1 failed)" in shown[-1]
        for name in ("b-1", "b-2"):
            progress.batch(Batch(name, 6, 6, 0, ended=True))
        await prepared.run()
        progress.show()
    assert shown[-1].startswith("6/6 done, 6 verified, 0 failed")
    assert "batch" not in shown[-1]
