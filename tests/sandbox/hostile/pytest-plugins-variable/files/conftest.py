pytest_plugins = ["tricks"]
