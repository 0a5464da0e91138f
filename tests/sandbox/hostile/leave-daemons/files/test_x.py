def test_escape():
    import os
    import signal
    import time

    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(77.25)
            os._exit(0)
    raise AssertionError("daemons were started")
