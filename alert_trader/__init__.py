"""What every process of ours begins with.

Lives here: the command `trader` and the command line of each program, with the check that our packages are the ones that were installed;
and the one clock of a process. Never here: anything that a program does, or an import from outside the standard library.

The other packages have everyday names that another installation may use too. This one has the name of the distribution.
"""
