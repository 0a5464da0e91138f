def test_escape():
    for path in ("/usr/bin/backsmith-was-here", "/etc/backsmith-was-here", "/env/backsmith-was-here", "/backsmith-was-here"):
        try:
            open(path, "w").write("x")
        except OSError:
            continue
        return
    raise AssertionError("nothing could be written")
