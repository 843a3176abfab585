"""One piece of I/O each, for the workflows.

Lives here: methods on classes whose constructors take ports, and the messages they exchange with workflows. They gather facts, send what
they are given, and classify what came back. Pure rules they apply (sizing, recognising an order, whether a conversion is still allowed)
are the domain's.
Never here: an adapter, a setting, or a choice about a trade that the domain does not state.
"""
