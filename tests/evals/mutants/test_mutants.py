"""Which small faults are made of code in each language, in which order, and what tests make of them."""

import ast
from dataclasses import replace

import pytest

from evals.checklist.mutated import with_mutants
from evals.code.view import build_view
from evals.mutants.grammar_mutants import grammar_mutants
from evals.mutants.mutant import Mutant, MutantReport, in_order
from evals.mutants.python_mutants import python_mutants
from evals.mutants.trying import find_mutants, try_mutants
from evals.verdict import CheckResult, Evidence, Verdict
from prompts.task import Limits
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.report import TestCase, TestReport
from sandbox.trial import Laboratory, Project, Trial

PYTHON = '''"""Ümläute before the code must not move the places."""
@app.post("/x", status_code=201)
@login_required
def make(data: Annotated[str, Field(min_length=1, title="T")]):
    if data == "":
        raise HTTPException(status_code=422)
    if not allowed(data):
        abort(403)
    try:
        db.execute("INSERT INTO x VALUES (?)", (data,))
    except IntegrityError:
        raise HTTPException(status.HTTP_409_CONFLICT)
    return {"id": 1}, 201

if __name__ == "__main__":
    run()
'''
EXPRESS = """
const schema = z.object({ title: z.string().min(1) });
router.post('/', requireAuth, async (req, res) => {
  if (req.body.age < 18) return res.status(400).json({ error: 'age' });
  if (taken) { throw new ApiError(409, 'TAKEN'); }
  const rows = await pool.query('SELECT * FROM t WHERE id = $1', [req.body.id]);
  res.status(201).json(rows);
});
app.use('/auth', auth.router);
"""
GIN = """package a

type In struct {
	Name string `json:"name" binding:"required,max=9"`
}

func routes(r *gin.Engine) {
	g := r.Group("", requireKey(key))
	g.POST("/x", func(c *gin.Context) {
		if key := c.GetHeader("X"); key != want {
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{})
			return
		}
		c.JSON(http.StatusCreated, gin.H{})
	})
}

func check(in In) error {
	if len(in.Name) > 9 {
		return errors.New("too long")
	}
	return nil
}
"""


def lines(mutants: tuple[Mutant, ...], source: str) -> set[tuple[str, str]]:
    """The kind of each mutant and the line that it changed, as it then reads."""
    found: set[tuple[str, str]] = set()
    for mutant in mutants:
        changed = mutant.put_into(source).split("\n")
        found.add((mutant.kind, changed[mutant.line - 1].strip()))
    return found


def test_python() -> None:
    mutants = python_mutants("a.py", PYTHON)
    for mutant in mutants:
        ast.parse(mutant.put_into(PYTHON))
    assert lines(mutants, PYTHON) == {
        ("status", '@app.post("/x", status_code=200)'),
        ("guard", "@(lambda handler: handler)"),
        ("validation", 'def make(data: Annotated[str, Field(title="T")]):'),
        ("comparison", 'if data != "":'),
        ("validation", 'if (data == "") and False:'),
        ("status", "raise HTTPException(status_code=400)"),
        ("guard", "if (not allowed(data)) and False:"),
        ("status", "abort(404)"),
        (
            "query",
            """db.execute(("INSERT INTO x VALUES (?)").replace("%s", "'{}'").replace("?", "'{}'").format(*(data,)))""",
        ),
        ("conflict", "raise"),
        ("status", "raise HTTPException(400)"),
        ("status", 'return {"id": 1}, 200'),
    }


def test_a_query_put_together_says_the_same_for_harmless_values() -> None:
    (query,) = [m for m in python_mutants("a.py", PYTHON) if m.kind == "query"]
    assert eval(query.text, {"data": "b"}) == "INSERT INTO x VALUES ('b')"


def test_javascript() -> None:
    assert lines(grammar_mutants("a.js", EXPRESS, "javascript"), EXPRESS) == {
        ("validation", "const schema = z.object({ title: z.string() });"),
        ("guard", "router.post('/', async (req, res) => {"),
        ("comparison", "if (req.body.age >= 18) return res.status(400).json({ error: 'age' });"),
        ("validation", "if ((req.body.age < 18) && false) return res.status(400).json({ error: 'age' });"),
        ("status", "if (req.body.age < 18) return res.status(404).json({ error: 'age' });"),
        ("conflict", "if ((taken) && false) { throw new ApiError(409, 'TAKEN'); }"),
        ("status", "if (taken) { throw new ApiError(400, 'TAKEN'); }"),
        (
            "query",
            "const rows = await pool.query(('SELECT * FROM t WHERE id = $1').replace(/\\$(\\d+)/g, (_, n) => "
            "\"'\" + ([req.body.id])[n - 1] + \"'\"));",
        ),
        ("status", "res.status(200).json(rows);"),
    }  # fmt: skip


def test_go() -> None:
    assert lines(grammar_mutants("a.go", GIN, "go"), GIN) == {
        ("validation", 'Name string `json:"name" binding:""`'),
        ("guard", 'g := r.Group("")'),
        ("comparison", 'if key := c.GetHeader("X"); key == want {'),
        ("guard", 'if key := c.GetHeader("X"); key != want && false {'),
        ("status", "c.AbortWithStatusJSON(400, gin.H{})"),
        ("status", "c.JSON(200, gin.H{})"),
        ("comparison", "if len(in.Name) <= 9 {"),
        ("validation", "if len(in.Name) > 9 && false {"),
    }


def test_broken_files_give_no_mutants() -> None:
    assert python_mutants("a.py", "def (:\n") == ()
    assert python_mutants("a.py", "x" + "(" * 5000) == ()
    assert grammar_mutants("a.js", "if (((((", "javascript") == ()


def test_the_order_sees_all_kinds_first_and_is_always_the_same() -> None:
    view = build_view({"app.py": PYTHON, "test_app.py": "def test(): assert 1 == 1\n", "notes.md": "# x"})
    mutants = find_mutants(view)
    assert mutants == find_mutants(view)
    assert {m.path for m in mutants} == {"app.py"}
    kinds = [m.kind for m in mutants]
    assert len(set(kinds[: len(set(kinds))])) == len(set(kinds))
    assert in_order(()) == ()


def mutant(line: int) -> Mutant:
    return Mutant("a.py", line, "comparison", 0, 6, "a == b", "a != b")


def test_the_kill_rate_decides_only_over_enough_mutants() -> None:
    view = build_view({"a.py": "a == b\n"})
    read = CheckResult("tests-cover-errors", Verdict.PASS, "tested", (Evidence("tested"),))

    def judged(killed: int, survived: int) -> CheckResult:
        report = MutantReport(tuple(map(mutant, range(killed))), tuple(map(mutant, range(survived))), 50)
        return with_mutants(read, replace(view, mutants=report))

    assert judged(2, 3).verdict is Verdict.PASS
    assert judged(3, 3).verdict is Verdict.PASS
    weak = judged(2, 4)
    assert weak.verdict is Verdict.FAIL
    assert weak.reason == "the tests notice 2 of 6 small faults put into the code"
    assert weak.evidence[0] == Evidence(
        "no test notices a comparison inverted: `a == b` became `a != b`", "a.py", 0
    )
    assert judged(0, 0).verdict is Verdict.PASS
    other = CheckResult("complete", Verdict.PASS, "whole", (Evidence("whole"),))
    assert with_mutants(other, replace(view, mutants=MutantReport())) == other


CODE = """def price(count):
    if count < 1:
        raise ValueError('count')
    return 5 if count == 1 else count * 4
"""
STRONG = (
    "import pytest\nfrom shop import price\n"
    "def test_price():\n    assert price(1) == 5\n    assert price(3) == 12\n"
    "def test_none():\n    with pytest.raises(ValueError):\n        price(0)\n"
)
WEAK = "from shop import price\ndef test_price():\n    assert price(3) > 0\n"


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(("tests", "survivors"), [(STRONG, set()), (WEAK, {"validation", "comparison"})])
async def test_tests_are_told_apart_by_what_they_notice(tests: str, survivors: set[str]) -> None:
    isolation = Bubblewrap()
    if problem := isolation.problem():
        pytest.skip(problem)
    files = {"shop.py": CODE, "test_shop.py": tests}
    project = Project(files, limits=Limits(seconds=60))
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(project)
        report = await try_mutants(project, build_view(files), trial, laboratory, 120)
    assert report.possible == report.tried == 3
    assert {m.kind for m in report.survived} == survivors


async def test_nothing_is_tried_where_the_tests_fail_already() -> None:
    trial = Trial(TestReport((TestCase("t", "failed"),)))
    files = {"shop.py": CODE}
    async with Laboratory(Bubblewrap()) as laboratory:
        report = await try_mutants(Project(files), build_view(files), trial, laboratory, 60)
    assert report == MutantReport(problem="the tests do not pass as they are")
