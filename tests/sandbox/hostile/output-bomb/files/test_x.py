def test_bomb():
    import os

    chunk = b"x" * 1_000_000
    for _ in range(1000):
        os.write(2, chunk)
        os.write(1, chunk)
