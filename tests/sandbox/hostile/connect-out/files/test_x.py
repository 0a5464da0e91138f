def test_escape():
    routes = open("/proc/net/route").read().strip().split("\n")[1:]
    assert routes
