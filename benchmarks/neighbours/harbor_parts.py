"""Harbor without containers: an environment that is none, an agent with the recorded answer, a check of it."""

import os
from pathlib import Path

from harbor.agents.base import BaseAgent
from harbor.environments.base import BaseEnvironment, ExecResult
from harbor.environments.capabilities import EnvironmentCapabilities
from harbor.models.agent.context import AgentContext
from harbor.models.verifier.result import VerifierResult
from harbor.verifier.base import BaseVerifier


class Nowhere(BaseEnvironment):
    """Starts nothing and runs nothing: what Harbor itself costs is left."""

    capabilities = EnvironmentCapabilities(mounted=True)

    @staticmethod
    def type() -> str:
        return "nowhere"

    def _validate_definition(self) -> None:
        pass

    async def start(self, force_build: bool) -> None:
        pass

    async def stop(self, delete: bool) -> None:
        pass

    async def upload_file(self, source_path: Path | str, target_path: str) -> None:
        pass

    async def upload_dir(self, source_dir: Path | str, target_dir: str) -> None:
        pass

    async def download_file(self, source_path: str, target_path: Path | str) -> None:
        pass

    async def download_dir(self, source_dir: str, target_dir: Path | str) -> None:
        pass

    async def exec(self, command: str, *_: object, **__: object) -> ExecResult:
        return ExecResult(stdout="", stderr="", return_code=0)


class Recorded(BaseAgent):
    """Writes the answer in ANSWER into the trial's log folder."""

    @staticmethod
    def name() -> str:
        return "recorded"

    def version(self) -> str:
        return "1"

    async def setup(self, environment: BaseEnvironment) -> None:
        pass

    async def run(self, instruction: str, environment: BaseEnvironment, context: AgentContext) -> None:
        (self.logs_dir / "answer.md").write_text(os.environ["ANSWER"], encoding="utf-8")
        context.n_input_tokens, context.n_output_tokens = 1000, 200


class Includes(BaseVerifier):
    """Rewards an answer that has a FILE block."""

    async def verify(self) -> VerifierResult:
        answer = (self.trial_paths.agent_dir / "answer.md").read_text(encoding="utf-8")
        return VerifierResult(rewards={"reward": int("FILE: " in answer)})
