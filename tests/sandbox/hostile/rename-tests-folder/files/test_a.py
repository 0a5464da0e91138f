import pathlib


def test_a():
    pathlib.Path("test_x.py").write_text("def test_wrong():\n    pass\n")
