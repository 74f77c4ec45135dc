"""The test tools that every folder of tests may use."""

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the code: what is slow is seen under bench/.
settings.register_profile("onefile", deadline=None)
settings.load_profile("onefile")

pytest_plugins = ("tests.skips", "tests.postgres", "tests.browser", "tests.engine", "tests.torturing")
