def test_bomb():
    import time

    for number in range(10_000):
        with open(f"/work/{number}", "wb") as file:
            file.write(b"x" * 4_000_000)
        time.sleep(0.01)
