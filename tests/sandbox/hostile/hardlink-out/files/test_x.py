def test_escape():
    import os

    os.link("/usr/bin/env", "/work/env")
    os.chmod("/work/env", 0o4755)
