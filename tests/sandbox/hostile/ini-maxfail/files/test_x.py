def test_wrong():
    assert 1 == 2


def test_later():
    pass
