"""Where untrusted code lives and runs: workspaces, isolation, environments, services, toolchains."""
