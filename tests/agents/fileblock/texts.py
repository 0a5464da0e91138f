"""Texts built to hurt: the pieces that carry structure, in any order, with noise between them."""

from hypothesis import strategies as st

BLOCKS = [
    "FILE: a.py\n---\nx = 1\n---\n",
    "FILE: b.md\n---\n# B\n---\ntext\n---\n",
    "FILE: c.yaml\n---\n---\na: 1\n---\n\n---\n",
    'FILE: d/e.py\n---\n"""\n---\n"""\n---\n',
    "FILE: f.md\n-----\nFILE: x.py\n---\n-----\n",
    "**FILE: `src/g.js`**\n\n```js\nlet a = `\n---\n`\n```\n",
    "FILE: h.txt\n---\n```\nFILE: x.py\n---\n```\n---",
    "FILE: i.sh\n---\ncat <<EOF\n---\nEOF\n---\n",
    "FILE: a.py\nx = 1\n---\n",
    "DEPENDENCIES:\npip install a 'b>=1'\n\nENV_VARS:\nA=1\n",
    "EDIT: a.py\n---\n<<<<<<< SEARCH\nx = 1\n---\n=======\nFILE: b.py\n---\n>>>>>>> REPLACE\n---\n",
    "EDIT: b.md\n<<<<<<< SEARCH\n# B\n=======\n>>>>>>> REPLACE\n",
    "EDIT: c.py\n---\n@@ -1 +1 @@\n-x = 1\n+x = 2\n---\n",
    "DELETE: d.py\n",
]
PIECES = [
    *(
        "FILE: a.py",
        "FILE: b.md",
        "FILE: c.yaml",
        "FILE: d.js",
        "FILE: dir/e.sql",
        "FILE: ../f.py",
        "FILE: A.PY",
    ),
    *(
        "**FILE: a.py**",
        "### FILE: `b.md`",
        "1. FILE: d.js",
        "File: c.yaml",
        "Filename: g.toml",
        "FILE: in this form",
    ),
    *(
        "FILE: a.py (new)",
        "FILE: /etc/passwd",
        "FILE: .git/config",
        "FILE: a.py/b",
        "FILE: con.txt",
        "FILE: h.sh:",
    ),
    *("EDIT: a.py", "EDIT: b.md", "**EDIT: d.js**", "DELETE: e.py", "DELETE: A.PY", "DELETE: /users"),
    *(
        "<<<<<<< SEARCH",
        "<<<<<<<<<<< SEARCH",
        "======",
        "===========",
        ">>>>>>>",
        ">>>>>>>>>>> REPLACE",
        "@@ @@",
    ),
    *("---", "---", "---", "--- ", "-----", "-----", "----------", "--", " ---", "-" * 300),
    *("```", "```python", "```markdown", "````", "~~~", "~~~~ yaml", "  ```", "```x`"),
    *(
        "DEPENDENCIES:",
        "MIGRATIONS:",
        "ENV_VARS:",
        "## Dependencies",
        "**ENV_VARS**",
        "DEPENDENCIES: None",
        "None",
    ),
    *("<think>", "</think>", "done</think>", "\x1b[31m---\x1b[0m", "\x1b[1mFILE: a.py", "\ufeff", "\x1b"),
    *(
        '"""',
        "'''",
        "`",
        "/*",
        "*/",
        "<<EOF",
        "EOF",
        '"',
        "# it's",
        "x = 1",
        "def f():",
        "    return 1",
        "title: x",
    ),
    *("# ... rest of the code unchanged", "// existing code", "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"),
    *("--- a/a.py", "+++ b/a.py", "@@ -1 +1 @@", "diff --git a/a b/a", "I'm sorry, I cannot help with that."),
    *(
        "pip install 'a[b]>=1' c",
        "npm i @x/y@1",
        "go get x.org/y@v1",
        "cargo add z",
        "a.b:c:1",
        "- requests>=2 # http",
    ),
    *(
        "A=1",
        "export B='x y'",
        "- `C_D`: value",
        "| E_F | g |",
        "|---|---|",
        'G="a\\nb" # c',
        "prose about it, no more.",
    ),
    *(
        "CREATE TABLE t (id INT);",
        "alembic upgrade head",
        "BEGIN",
        "END;",
        "$$",
        "INSERT INTO t",
        "",
        "",
        "",
        "\r",
        "\f",
        "\u2028",
    ),
]


def hostile_texts(max_pieces: int = 16) -> st.SearchStrategy[str]:
    """Blocks and lines from the pieces and from anywhere, joined by LF, CRLF or CR."""
    line = st.one_of(
        st.sampled_from(BLOCKS), st.sampled_from(PIECES), st.sampled_from(PIECES), st.text(max_size=6)
    )
    joined = st.tuples(line, st.sampled_from(["\n", "\n", "\n", "\n", "\r\n", "\r", ""])).map("".join)
    return st.lists(joined, max_size=max_pieces).map("".join)
