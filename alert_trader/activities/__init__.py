"""Activities: one piece of I/O each, for the workflows.

Lives here: methods on classes whose constructors take ports, and the messages they exchange with workflows.
They gather facts, send what they are given, and classify the answers. The rules they apply (sizing, matching
an order, whether a conversion is still allowed) are pure, and live in the domain. Never here: an adapter, a
setting, or a decision about a trade that the domain does not make.
"""
