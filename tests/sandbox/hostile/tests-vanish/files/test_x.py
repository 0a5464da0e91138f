def test_right():
    pass


def test_wrong():
    assert 1 == 2
