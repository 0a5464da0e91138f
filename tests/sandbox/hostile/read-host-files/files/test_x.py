def test_escape():
    import os

    assert any("planted-secret" in names for _, _, names in os.walk("/tmp"))
