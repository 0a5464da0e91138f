def test_escape():
    import os

    paths = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", os.environ.get("SSH_AUTH_SOCK", "/none"))
    assert any(os.path.exists(path) for path in paths)
