"""The whole product on one machine, as child processes. For demos, tests and development."""
