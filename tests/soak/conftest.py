def pytest_addoption(parser):
    parser.addoption("--soak-frames", type=int, default=648_000, help="how long: six hours at 30 frames/s")
    parser.addoption("--soak-curve", metavar="FILE", help="write the course of the memory there (CSV)")
