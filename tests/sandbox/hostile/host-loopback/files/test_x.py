def test_escape():
    import os
    import socket

    socket.create_connection(("127.0.0.1", int(os.environ["HOST_SERVER"])), 2)
