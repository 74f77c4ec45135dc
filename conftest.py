"""The test tools that every folder of tests may use."""

pytest_plugins = ("tests.skips", "tests.postgres", "tests.browser", "tests.engine")
