def test_escape():
    text = open("/etc/shadow").read()
    assert text
