import os


def read(path):
    data = open(path).read()
    return data


def write(path, data):
    if not data:
        return None
    open(path, "w").write(data)
    return None
