def test_bomb():
    import os
    import time

    for _ in range(6):
        if os.fork() == 0:
            block = bytearray(120_000_000)
            for at in range(0, len(block), 4096):
                block[at] = 1
            time.sleep(60)
    time.sleep(60)
