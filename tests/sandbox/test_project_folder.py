"""Projects in a folder of a repository: their tests run there, and the rest of the repository lies around them."""

import pytest

from sandbox.bench import Project, rooted
from sandbox.environments.go import go_problem
from sandbox.environments.node import node_problem
from sandbox.isolation.protocol import Isolation
from sandbox.trial import Laboratory, Trial
from tests.isolations import working_bubblewrap

FILES = {
    "package.json": '{"devDependencies": {"husky": "9"}}',
    "data/rates.json": "[1, 2]",
    "backend/calc.py": "def add(a, b):\n    return a + b\n",
    "backend/requirements.txt": "pytest\n",
    "backend/tests/test_calc.py": (
        "import json\nfrom pathlib import Path\n\nfrom calc import add\n\n\n"
        "def test_add():\n"
        "    assert Path.cwd().name == 'backend'\n"
        "    assert add(*json.loads(Path('../data/rates.json').read_text())) == 3\n"
    ),
}
HIDDEN = (
    "from pathlib import Path\n\nimport pytest\n\n\ndef test_sealed():\n    with pytest.raises(OSError):\n"
)
HIDDEN += "        Path(__file__).write_text('')\n    with pytest.raises(OSError):\n"
HIDDEN += "        Path('../../work/backend').rename('../other')\n"


@pytest.fixture
def bubblewrap() -> Isolation:
    return working_bubblewrap()


async def attempt(isolation: Isolation, project: Project) -> Trial:
    async with Laboratory(isolation) as laboratory:
        return await laboratory.run(project)


def outcomes(trial: Trial) -> dict[str, str]:
    return {case.id: case.outcome for case in trial.report.cases}


def test_paths_are_those_within_the_folder() -> None:
    inside = rooted(Project(FILES, hidden_tests={"backend/test_h.py": "", "test_i.py": ""}, folder="backend"))
    assert sorted(inside.files) == ["calc.py", "requirements.txt", "tests/test_calc.py"]
    assert sorted(inside.around) == ["data/rates.json", "package.json"]
    assert sorted(inside.hidden_tests) == ["test_h.py", "test_i.py"]
    assert rooted(Project(FILES)) == Project(FILES)


@pytest.mark.network
async def test_python(any_isolation: Isolation) -> None:
    trial = await attempt(any_isolation, Project(FILES, folder="backend"))
    assert trial.report.passed, trial.report
    assert trial.toolchain == "python"
    assert outcomes(trial) == {"tests/test_calc.py::test_add": "passed"}


@pytest.mark.network
async def test_hidden_tests_are_sealed_there_too(bubblewrap: Isolation) -> None:
    hidden = {"backend/checks/test_hidden.py": HIDDEN}
    trial = await attempt(bubblewrap, Project(FILES, folder="backend", hidden_tests=hidden))
    assert trial.report.passed, trial.report
    assert outcomes(trial)["checks/test_hidden.py::test_sealed"] == "passed"


@pytest.mark.network
async def test_node(bubblewrap: Isolation) -> None:
    if node_problem():
        pytest.skip(node_problem())
    script = '{"scripts": {"test": "mocha"}, "devDependencies": {"mocha": "^11"}}'
    test = (
        "const assert = require('assert')\nit('adds', () => assert.equal(require('../../../lib/a.js'), 3))\n"
    )
    files = {
        "lib/a.js": "module.exports = 3\n",
        "apps/api/package.json": script,
        "apps/api/test/a.test.js": test,
    }
    trial = await attempt(bubblewrap, Project(files, folder="apps/api"))
    assert trial.report.passed, trial.report


@pytest.mark.network
async def test_go(bubblewrap: Isolation) -> None:
    if go_problem():
        pytest.skip(go_problem())
    files = {
        "services/a/go.mod": "module a\n\ngo 1.21\n",
        "services/a/a.go": "package a\n\nfunc Add(a, b int) int { return a + b }\n",
        "services/a/a_test.go": (
            'package a\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n'
            "\t\tt.Fatal()\n\t}\n}\n"
        ),
        "services/b/go.mod": "broken",
    }
    trial = await attempt(bubblewrap, Project(files, folder="services/a"))
    assert trial.report.passed, trial.report
