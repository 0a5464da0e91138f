import os
import time

LINES = '{"event":"result","id":"t","outcome":"passed"}\n{"event":"finished","code":0}\n{"event":"exit","status":0}\n'


def test_a():
    if os.fork() == 0:
        os.setsid()
        for _ in range(2000):
            with open("/results/tests.jsonl", "w") as file:
                file.write(LINES)
            time.sleep(0.005)
        os._exit(0)


def test_wrong():
    assert 1 == 2
