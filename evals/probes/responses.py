"""What all answers show: no stored password leaves the application."""

from evals.probes.board import Board
from evals.probes.explorer import Explorer
from evals.probes.reading import leaked_hash

ITEM = "response-models"


def judge_responses(explorer: Explorer, board: Board) -> None:
    """Every answer that was had, whatever it was asked for."""
    for target, ask, answer in explorer.exchanges:
        if what := leaked_hash(answer):
            board.against(ITEM, "leak", target, f"the answer holds {what}", ask, answer)
        elif answer.good and answer.body:
            board.fine(ITEM, "leak", target, ask, answer)
