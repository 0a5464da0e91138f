"""Which small faults are made of code in each language, and in which order."""

import ast
import time

import pytest

from evals.code.files import code_file
from evals.code.view import build_view
from evals.mutants.making import mutants_of
from evals.mutants.mutant import Mutant, in_order
from evals.mutants.python_mutants import python_mutants
from evals.mutants.trying import find_mutants

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


SPRING = """package x;

@RestController
class A {
  @PostMapping("/x") @PreAuthorize("hasRole('A')") @ResponseStatus(HttpStatus.CREATED)
  public Out make(@Valid @RequestBody In in) {
    if (taken(in)) throw new ResponseStatusException(HttpStatus.CONFLICT);
    if (!mine.equals(in.owner())) return ResponseEntity.status(403).build();
    try {
      jdbc.update("INSERT INTO t VALUES (?, ?)", in.name(), 1);
    } catch (DuplicateKeyException e) { throw new ApiException(HttpStatus.CONFLICT); }
    if (in.age() < 18) throw new IllegalArgumentException("age");
    return ResponseEntity.notFound().build();
  }
  Out one(long id) {
    return jdbc.queryForObject("SELECT a FROM t WHERE b = ?", Out.class, id);
  }
  void chain(HttpSecurity http) {
    http.authorizeHttpRequests(a -> a.anyRequest().authenticated());
  }
  record In(@NotBlank @Size(max = 5) String name, int age) {}
}
"""
AXUM = """
async fn make(x: i32) -> Result<(), E> {
    if x < 1 { return Err(AppError::BadRequest("x".into())); }
    if !allowed(x) { return Err((StatusCode::FORBIDDEN, "no")); }
    let r = sqlx::query("SELECT a FROM t WHERE b = $2 AND c = $1").bind(x).bind(y).fetch_one(&p).await?;
    conn.execute("INSERT INTO t VALUES (?1, ?2)", params![a, b])?;
    conn.execute("DELETE FROM t WHERE a = ?", [a])?;
    if let Some(v) = x { return Err(AppError::Conflict); }
    match r {
        Err(e) if is_unique(&e) => Err(AppError::Conflict),
        Ok(_) => Ok((StatusCode::CREATED, 1)),
    }
}
#[derive(Validate)]
struct In {
    #[validate(length(min = 1))] name: String,
}
fn app() -> Router {
    Router::new().route("/x", post(make)).route_layer(middleware::from_fn(require_auth))
}
fn f() -> (u16, String) { (404, "x".into()) }
fn g() -> Out { Out { status: 404, body: 404 } }
fn h() -> HttpResponse { HttpResponse::Created().finish() }

#[cfg(test)]
mod tests {
    #[test]
    fn works() { assert!(1 == 1); }
}
"""


def lines(mutants: tuple[Mutant, ...], source: str) -> set[tuple[str, str]]:
    """The kind of each mutant and the line that it changed, as it then reads."""
    found: set[tuple[str, str]] = set()
    for mutant in mutants:
        changed = mutant.put_into(source).split("\n")
        found.add((mutant.kind, changed[mutant.line - 1].strip()))
    return found


def made(path: str, source: str) -> set[tuple[str, str]]:
    return lines(mutants_of(code_file(path, source)), source)


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
    assert made("a.js", EXPRESS) == {
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
    assert made("a.go", GIN) == {
        ("validation", 'Name string `json:"name" binding:""`'),
        ("guard", 'g := r.Group("")'),
        ("comparison", 'if key := c.GetHeader("X"); key == want {'),
        ("guard", 'if key := c.GetHeader("X"); key != want && false {'),
        ("status", "c.AbortWithStatusJSON(400, gin.H{})"),
        ("status", "c.JSON(200, gin.H{})"),
        ("comparison", "if len(in.Name) <= 9 {"),
        ("validation", "if len(in.Name) > 9 && false {"),
    }


def test_a_query_of_go_is_put_together_where_fmt_is_there() -> None:
    source = 'package a\n\nimport "fmt"\n\nfunc f() {\n\t{}\n}\n'
    call = "rows, err := db.QueryContext(ctx, \"SELECT 1 FROM t WHERE a LIKE '%' || $2 AND b = $1\", b, name)"
    assert made("a.go", source.replace("{}", call)) == {
        (
            "query",
            "rows, err := db.QueryContext(ctx, "
            "fmt.Sprintf(\"SELECT 1 FROM t WHERE a LIKE '%%' || '%v' AND b = '%v'\", name, b))",
        )
    }
    assert made("a.go", source.replace("{}", call).replace('"fmt"', '"os"')) == set()
    for other in (
        'db.Query("SELECT 1", a)',
        "db.Query(text, a)",
        'db.Query("SELECT $1", a...)',
        'm.Get("a?")',
    ):
        assert made("a.go", source.replace("{}", other)) == set()


def test_java() -> None:
    assert made("src/main/java/x/A.java", SPRING) == {
        ("guard", '@PostMapping("/x")  @ResponseStatus(HttpStatus.CREATED)'),
        ("status", """@PostMapping("/x") @PreAuthorize("hasRole('A')") @ResponseStatus(HttpStatus.OK)"""),
        ("validation", "public Out make( @RequestBody In in) {"),
        ("conflict", "if ((taken(in)) && false) throw new ResponseStatusException(HttpStatus.CONFLICT);"),
        ("status", "if (taken(in)) throw new ResponseStatusException(HttpStatus.BAD_REQUEST);"),
        ("comparison", "if (!!mine.equals(in.owner())) return ResponseEntity.status(403).build();"),
        ("guard", "if ((!mine.equals(in.owner())) && false) return ResponseEntity.status(403).build();"),
        ("status", "if (!mine.equals(in.owner())) return ResponseEntity.status(404).build();"),
        ("query", """jdbc.update(String.format("INSERT INTO t VALUES ('%s', '%s')", in.name(), 1));"""),
        ("query", """return jdbc.queryForObject(String.format("SELECT a FROM t WHERE b = '%s'", id), Out.class);"""),
        ("conflict", "} catch (DuplicateKeyException e) { throw e; }"),
        ("status", "} catch (DuplicateKeyException e) { throw new ApiException(HttpStatus.BAD_REQUEST); }"),
        ("comparison", "if (in.age() >= 18) throw new IllegalArgumentException(\"age\");"),
        ("validation", "if ((in.age() < 18) && false) throw new IllegalArgumentException(\"age\");"),
        ("status", "return ResponseEntity.status(400).build();"),
        ("guard", "http.authorizeHttpRequests(a -> a.anyRequest().permitAll());"),
        ("validation", "record In( @Size(max = 5) String name, int age) {}"),
        ("validation", "record In(@NotBlank  String name, int age) {}"),
    }  # fmt: skip


def test_rust() -> None:
    assert made("src/main.rs", AXUM) == {
        ("comparison", 'if x >= 1 { return Err(AppError::BadRequest("x".into())); }'),
        ("validation", 'if (x < 1) && false { return Err(AppError::BadRequest("x".into())); }'),
        ("guard", 'if (!allowed(x)) && false { return Err((StatusCode::FORBIDDEN, "no")); }'),
        ("status", 'if !allowed(x) { return Err((StatusCode::NOT_FOUND, "no")); }'),
        (
            "query",
            """let r = sqlx::query(&format!("SELECT a FROM t WHERE b = '{}' AND c = '{}'", y, x))"""
                ".fetch_one(&p).await?;",
        ),
        ("query", """conn.execute(&format!("INSERT INTO t VALUES ('{}', '{}')", a, b), [])?;"""),
        ("query", """conn.execute(&format!("DELETE FROM t WHERE a = '{}'", a), [])?;"""),
        ("conflict", "Err(e) if (is_unique(&e)) && false => Err(AppError::Conflict),"),
        ("status", "Ok(_) => Ok((StatusCode::OK, 1)),"),
        ("validation", "name: String,"),
        ("guard", "Router::new().route(\"/x\", post(make))"),
        ("status", 'fn f() -> (u16, String) { (400, "x".into()) }'),
        ("status", "fn g() -> Out { Out { status: 400, body: 404 } }"),
        ("status", "fn h() -> HttpResponse { HttpResponse::Ok().finish() }"),
    }  # fmt: skip
    assert made("build.rs", AXUM) == made("tests/api.rs", AXUM) == set()


@pytest.mark.parametrize("path", ["a.js", "a.go", "A.java", "a.rs"])
@pytest.mark.parametrize(
    "piece", ["if (a == b) { return 400; ", "a == ", "x.min(1)", "#[a]\n", "f(HttpStatus.OK, "]
)
def test_time_is_in_proportion_to_the_length(path: str, piece: str) -> None:
    """Whatever stands there: four times as much takes no sixteen times as long."""

    def instructions(count: int) -> float:
        before = time.process_time()
        made(path, "x" + piece * count)
        return time.process_time() - before

    short = min(instructions(1500) for _ in range(2))
    assert instructions(6000) < 9 * short + 0.3


def test_broken_files_give_no_mutants() -> None:
    assert python_mutants("a.py", "def (:\n") == ()
    assert python_mutants("a.py", "x" + "(" * 5000) == ()
    for path in ("a.js", "a.go", "A.java", "src/a.rs"):
        assert made(path, "if (((((") == set()


def test_the_order_sees_all_kinds_first_and_is_always_the_same() -> None:
    view = build_view({"app.py": PYTHON, "test_app.py": "def test(): assert 1 == 1\n", "notes.md": "# x"})
    mutants = find_mutants(view)
    assert mutants == find_mutants(view)
    assert {m.path for m in mutants} == {"app.py"}
    kinds = [m.kind for m in mutants]
    assert len(set(kinds[: len(set(kinds))])) == len(set(kinds))
    assert in_order(()) == ()
