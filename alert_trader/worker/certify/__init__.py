"""`trader certify`: what the broker's sandbox answers, check by check, by the user's credentials.

Lives here: the checks, their report and the transcript that `trader venue --from` replays. Never here: a
request to a production host; `hosts.py` refuses each before anything is sent.
"""
