"""Stand-ins for the outside world that run on this machine.

Lives here: `venue`, which answers as the broker does, and `chat`, which answers as Discord does; both over
real sockets. Never here: anything of the product but its clock. A simulator that shared code with the product
would share its mistakes.
"""
