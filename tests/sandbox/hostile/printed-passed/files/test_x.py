print("===== 12 passed in 0.01s =====")


def test_wrong():
    assert 1 == 2
