import glob
import os


def is_another(root):
    try:
        there = os.stat(root)
    except OSError:
        return False
    here = os.stat("/")
    return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)


def test_escape():
    assert [root for root in glob.glob("/proc/[0-9]*/root") if is_another(root)]
