def test_escape():
    import os

    seen = [path for path in ("/tmp", "/var/cache", "/results/..", "/work/..", "/home") for path in os.listdir(path)]
    assert any("backsmith" in name or "trial" in name for name in seen)
