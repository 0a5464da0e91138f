import glob
import os


def test_escape():
    roots = [path for path in glob.glob("/proc/[0-9]*/root") if os.path.exists(path + "/etc/shadow") or os.path.exists(path + "/boot")]
    assert roots
