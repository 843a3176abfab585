"""Phrases in which a doubtful word is harmless: disclaimers, advice to followers, plans for later.

Each entry is one phrase, with an example where it needs one. A doubtful word inside a phrase is ignored;
nothing else is read from it.
"""

import re

_NOT = r"(?:do not|don't|dont|never|no|not)"
_NEXT = r"(?:(?!not\b|never\b)[\w']+ ){0,2}?"
_CARE = (
    r"(?:add|average|avg|trim|cut|sell|exit|hold|scale|scaling|swing|roll|reassess|re-?enter|dca"
    r"|let (?:it|this|them)|get out|be out|stop out)"
)
_FROM = (
    r"(?:will|i'll|we'll|ill|may|might|gonna|going to|can|could|would|looking to|want to|ready to"
    r"|plan(?:ning)? to)"
)
_SIZED = r"(?:over ?siz\w+|oversiz\w+|over ?leverage|go (?:too )?(?:big|heavy))"
_GUARD = r"(?:stop(?: loss)?|sl|cut(?:ting)?|exit(?:ing)?|bail(?:ing)?|trim(?:ming)?|add(?:ing)?|out)"
_YOU = r"(?:can't|cant|cannot|don't|dont|do not|want|wanna|comfortable|following|new|small)"

_WAY_IN = r"(?:enter\w*|entr\w+|fills?|buy\w*|get in|take it)"

_PHRASES = (
    # not financial advice
    rf"{_NOT} (?:a |an )?(?:financial|investment|trading|trade|buy|sell)? ?(?:advice|recommendation)s?\b",
    rf"{_NOT} (?:chas\w+|fomo|be greedy|get greedy|forget|{_SIZED})\b",  # don't chase
    r"no (?:stop(?: loss)?|stops|sl|rush|worries|stress|fear|brainer|joke|doubt|more than)\b",  # no stop
    # not gonna hold
    (
        r"not (?:(?:gonna|going to) )?"
        r"(?:siz\w+|hold\w*|swing\w*|go(?:ing)? (?:too )?(?:big|heavy)|overstay\w*|marr\w+)\b"
    ),
    r"not (?:too |that )?(?:bad|big|much|heavy|overnight|ideal|a lot)\b",  # not too big
    r"why not\b",
    r"(?:won't|wont) (?:be )?(?:hold|swing|siz)\w*",  # won't hold this long
    r"(?:can't|cant|cannot) (?:miss|lose|wait|resist|help|go wrong)\b",  # can't wait
    # was waiting for this
    (
        r"(?:was|were|been) (?:(?:patiently|just) )?(?:waiting|watching|looking)(?: patiently)?"
        r" (?:for|on) (?:this|it|that|these)\b"
    ),
    rf"(?:if|when|unless) (?:you|u)(?:'re| are)? {_YOU}\b",  # if you can't
    r"good (?:morning|afternoon)\b",
    # earnings tomorrow
    (
        r"(?:earnings|er|cpi|ppi|fomc|fed|nfp|jobs|data|news) (?:\w+ )?"
        r"(?:tomorrow|tonight|later|after (?:the )?close)\b"
    ),
    r"break ?-?even\b",
    r"over ?(?:the )?(?:weekend|night)\b",
    r"open interest\b",
    r"back (?:above|over|below|under)\b",  # back above vwap
    r"break ?out (?:play|setup|trade)\b",
    r"close (?:to|watch|eye|stops?)\b",
    r"short (?:squeeze|term|dated|lived)\b",  # short squeeze play
    r"(?:back|updates?|more|details|chart|thoughts) later\b",
    r"(?:under|over)(?:valued|sold|bought)\b",
)

_CLAUSES = (
    rf"{_FROM} {_NEXT}{_CARE}\b[^.!\n]*",
    (
        r"(?:will|i'll|gonna|going to|may|might) (?:take|close)"
        r" (?:profits?|some|half|partials?|gains|a loss|the loss)\b[^.!\n]*"
    ),
    # stop if it closes below
    rf"{_GUARD} (?:[\w']+ ){{0,3}}?(?:if|when|once|on|below|under|above|over)\b[^.!\n]*",
    r"risk only what you\b[^.!\n]*",
    r"only (?:risk|use|trade|play) (?:with )?(?:what|money)\b[^.!\n]*",  # only risk what you can lose
)

_LATER = (
    (
        r"(?:was|were|been) (?:watching|eyeing|stalking) (?:this|it|that|these)(?: one)?"
        r"(?: earlier| yesterday)?\b"
    ),
    r"(?:had|have|need(?:ed)?) to (?:take|grab|try|get|buy) (?:it|this|these|some)\b",  # had to take it
    r"missed (?:the|my) (?:first|1st|earlier|last|initial) (?:entry|one|move|push|alert)\b",
    # same as yesterday
    r"(?:same|like)(?: (?:play|trade|idea|setup|strike|one))?(?: as)? (?:yesterday|earlier|last week)\b",
    r"(?:as|like) (?:i|we) (?:said|mentioned|told)\b",
    r"(?:i |we )?called it\b",
    r"(?:into|till|until|through) (?:the )?close\b",  # hold into the close
    r"(?:to|and|lets|let's|will|we'll) see (?:if|how|what)\b",  # let's see if it holds
    r"(?:let|tell) (?:me|us) know (?:if|when)\b",
    r"(?:(?:got|just|all) )?filled(?: (?:at|@|for))?(?= ?\$?[0-9]*\.[0-9]|$|[\s.!,)])",  # got filled
    r"(?:swing\w*|hold\w*|day) (?:for|into|till|through|until) (?:tomorrow|tmrw)\b",  # holding into tomorrow
    r"(?:gap|pop|move|bounce|run)(?: up| down)? (?:for )?(?:tomorrow|tmrw)\b",  # a gap up tomorrow
    r"shorts? cover\w*\b",
    r"closing in on\b",
    (
        r"(?:this|it|they|these|and|which) should\b"
        r"|should (?:work|bounce|run|print|move|hold|be (?:good|fine|ok|okay|nice|quick))\b"
    ),
    r"(?:i'm |im |i am |just )?thinking (?:we|it|this|that)\b",  # thinking we bounce here
    # looking for a move over 250, and no way into the trade
    rf"(?:looking|aiming|shooting|hoping|gunning) for\b(?![^.!\n]*\b{_WAY_IN}\b)[^.!\n]*",
    r"not (?:too |that )?(?:great|perfect|sure about|confident|a full|full)\b",  # not a full position
    r"(?:don't|dont|do not) (?:want|wanna|need) to (?:miss|hold|overstay)\b",  # don't want to miss this one
    r"(?:won't|wont) (?:be )?(?:add|adding|averag\w*|chas\w*)\b",  # won't add more
    r"(?:no|without (?:a|any)) (?:conviction|stop(?: loss)?|sl)\b",
    r"(?:can't|cant) (?:believe|complain)\b",
)
"""The same, but only behind a complete entry with its price: in front of it they may be a condition."""

_PHRASE = re.compile(rf"\b(?:{'|'.join(f'(?:{phrase})' for phrase in _PHRASES)})")
_CLAUSE = re.compile("|".join(rf"\b(?:{clause})" for clause in (*_LATER, *_CLAUSES)))


class Disclaimers:
    """The offsets of a text at which a doubtful word is harmless."""

    __slots__ = ("_covered",)

    def __init__(self, lower: str, entry_end: int | None) -> None:
        """Take the text in lower case, and the offset from which whole clauses are harmless, if any."""
        self._covered = bytearray(len(lower))
        spans = [found.span() for found in _PHRASE.finditer(lower)]
        if entry_end is not None:
            spans += [found.span() for found in _CLAUSE.finditer(lower, entry_end)]
        for start, end in spans:
            self._covered[start:end] = b"\x01" * (end - start)

    def covers(self, offset: int) -> bool:
        """Whether the word at this offset is part of a harmless phrase."""
        return self._covered[offset] == 1
