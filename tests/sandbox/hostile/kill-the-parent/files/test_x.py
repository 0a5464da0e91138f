def test_escape():
    import os
    import signal

    os.kill(-1, signal.SIGKILL)
    raise AssertionError
