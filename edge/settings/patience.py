"""How long nothing may come before who acts: first the camera itself, then the supervisor, last the service manager.

    camera's ladder  <  CAMERA_S  <  STALL_LIMIT_S  <  WATCHDOG_S - FEED_S

Whoever acts earlier knows more of what is wrong and says so; the watchdog's abort says nothing but that it was needed.
"""

CAMERA_S = 50.0
"""The longest that a camera may take until it is back or given up; `edge.sources.recovery` checks the settings."""
STALL_LIMIT_S = 55.0
"""After so long without a step of a thread, or without a frame, the supervisor ends the process with a sentence."""
WATCHDOG_S = 60.0
"""`WatchdogSec` of `systemd/card-scanner.service`: the manager ends a process that did not feed it for so long."""
FEED_S = 1.0
"""The watchdog is fed at least so often while frames come: the longest that its period began before the last frame."""
