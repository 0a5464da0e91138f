"""What canonical text looks like."""

import pytest

from agents.fileblock import parse, render
from agents.fileblock.rendering import delimiter_for
from agents.submission import Dependency, EnvVar, Migration, SourceFile, Submission


def test_renders_the_canonical_form() -> None:
    submission = Submission(
        files=(SourceFile("a.py", "x = 1\n"), SourceFile("b.md", "# B\n---\n")),
        dependencies=(Dependency("python", "flask>=3"), Dependency("npm", "express")),
        migrations=(Migration("sql", "SELECT 1;"),),
        env_vars=(EnvVar("A", "1"), EnvVar("B", " two # three\n")),
    )
    text = """\
FILE: a.py
---
x = 1
---

FILE: b.md
----
# B
---
----

DEPENDENCIES:
pip install 'flask>=3'
npm install express

MIGRATIONS:
```sql
SELECT 1;
```

ENV_VARS:
A=1
B=" two # three\\n"
"""
    assert render(submission) == text
    assert parse(text).adherence == "clean"


def test_an_empty_section_says_none_and_an_absent_one_nothing() -> None:
    assert render(Submission(dependencies=())) == "DEPENDENCIES:\nNone\n"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("x = 1\n", "---"),
        ("", "---"),
        ("---\n", "----"),
        ("----------  \n---\n", "-----------"),
        ("FILE: a.py\n", "----"),
        ("```\n", "----"),
        ("**ENV_VARS:**\n", "----"),
        ("\x1b[1m------\x1b[0m\n", "-------"),
        ("a --- b\n", "---"),
    ],
)
def test_the_delimiter_is_longer_than_any_in_the_text(text: str, delimiter: str) -> None:
    assert delimiter_for(text) == delimiter
