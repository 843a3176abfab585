"""Phrases in which a doubtful word is harmless: disclaimers, advice to followers, plans for later.

Each entry is one phrase, with an example where it needs one. A doubtful word inside a phrase is ignored;
nothing else is read from it.
"""

import re

from alert_trader.domain.alerts.parsing.vocabulary.contract_words import EVENTS
from alert_trader.domain.alerts.parsing.vocabulary.words import words

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
        r"(?:was|were|been) (?:(?:patiently|just) )?(?:waiting|watching|looking|hoping)(?: patiently)?"
        r" (?:for|on) (?:this|it|that|these)\b"
    ),
    rf"(?:if|when|unless) (?:you|u)(?:'re| are)? {_YOU}\b",  # if you can't
    r"good (?:morning|afternoon)\b",
    # earnings tomorrow
    (
        r"(?:earnings|er|cpi|ppi|fomc|fed|nfp|jobs|data|news) (?:\w+ )?"
        r"(?:tomorrow|tonight|later|after (?:the )?close)\b"
    ),
    (
        r"spreads?(?:'s| is| are)? (?:(?:a bit|a little|a tad|kinda|pretty|quite|really|very|so) )?"
        r"(?:wide|tight|big|ugly|bad)\b|(?:wide|tight|bid[ /-]?ask) spreads?\b"
    ),
    r"update (?:accepted|received|confirmed|posted)\b",  # a bot's receipt
    r"\bfill(?:ed)?(?: ?(?:at|@|for|:))? ?\$?[0-9]*\.[0-9]",  # filled at 1.25
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
    rf"(?:my |the )?plans?(?: is| here)?[: ] ?(?:to )?{_CARE}\b[^.!\n]*",  # plan: trim at 2
    # over 71 it flies, under 69 I'm out; no level from which it is bought
    (
        r"(?:under|below|over|above) \$?[0-9.]+,? (?:it|this|we|i'm|im|i am)\b"
        rf"(?![^.!\n]*\b(?:{_WAY_IN}|go|good|valid|trigger\w*|active|confirm\w*|only|in|add\w*)\b)[^.!\n,]*"
    ),
    r"only (?:risk|use|trade|play) (?:with )?(?:what|money)\b[^.!\n]*",  # only risk what you can lose
)

_LATER = (
    r"(?:out|done|flat) by (?:[0-9]{1,2}(?::[0-9]{2})?|lunch|noon|the close|eod|end of day)\b[^.!\n]*",
    r"(?<!on )(?<!when )(?<!if )(?<!after )breaking (?:out|down|higher)\b",  # oil breaking out
    # not a day trade
    rf"{_NOT} (?:a |an )?(?:day ?trade|scalp|lotto|swing|yolo|gamble|fan|big position|full position)\b",
    # will post when I trim
    (
        r"(?:will|i'll|gonna|going to) (?:\w+ )?(?:post|update|share|announce|let (?:you|everyone) know)\b"
        rf"(?![^.!\n]*\b(?:{_WAY_IN}|in|filled)\b)[^.!\n]*"
    ),
    # don't bet everything
    rf"{_NOT} (?:bet|yolo|gamble|risk) (?:the|your|ur|all|more|everything|it all|big|too)\b",
    rf"{_NOT} (?:go|be|get)\b (?:all in|all-in|crazy|heavy|big|stupid|dumb|reckless)",
    (
        r"(?:not|don't|never) (?:for|a play for|meant for)"
        r" (?:everyone|everybody|the faint|beginners|big size)\b[^.!\n]*"
    ),
    (
        r"(?:was|were|been) (?:watching|eyeing|stalking) (?:this|it|that|these)(?: one)?"
        r"(?: earlier| yesterday)?\b"
    ),
    r"(?:quick(?:ly)? )?in (?:and|&) out\b",
    r"(?:maybe|perhaps|possibly) (?:even )?(?:a )?(?:swing|day ?trade|overnight|runners?)\b",  # maybe a swing
    # a 4h close below 68 ends it
    (
        r"(?:a |any |daily |hourly |[0-9]+[mh] )?(?:close|candle)s? (?:below|above|under|over|beneath)"
        r" \$?[0-9.]+ (?:ends|kills|invalidates|breaks|stops|cuts|is (?:my|the)"
        r"|and (?:i'm|im|i am) (?:out|done))\b[^.!\n]*"
    ),
    r"(?:won't|wont|can't|cant|couldn't|couldnt) (?:ignore|pass|fight|argue|let (?:it|this) go)\b",
    r"(?:when|as|where|before|after) (?:i|we) (?:hit|bought|got|entered|took|grabbed|clicked|pressed)\b",
    r"(?:not|never|no longer) (?:gonna |going to )?(?:averag\w*|adding|chas\w*)\b",
    r"scal(?:e|ing) out (?:at|into|above|near|of some)\b",
    r"no (?:more )?(?:adds?|averaging|targets?|plans?|hedge)\b",  # no adds from me
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

_SENTENCE = re.compile(r"[^.!\n]+")
_WORD = re.compile(r"[a-z']+")
_READERS = words("you your yourself you're youre")
_UNLESS = words("don't dont do only if never not unless")
_LOSS = words(
    "lose loses losing loss lost afford gamble gambling risk risking comfortable fine okay ok zero "
    "stomach spent sit"
)
_SIGNALS = words("wait waiting break breaks above below until once signal confirm confirms confirmation")
_LATER_WORDS = words("tomorrow tmrw tonight later out should premarket close")
_WAYS_IN = words("enter entering entered entry entries fill fills buy buying take taking add adding get")


class Disclaimers:
    """The offsets of a text at which a doubtful word is harmless."""

    __slots__ = ("_covered",)

    def __init__(self, lower: str, entry_end: int | None) -> None:
        """Take the text in lower case, and the offset from which whole clauses are harmless, if any."""
        self._covered = bytearray(len(lower))
        spans = [found.span() for found in _PHRASE.finditer(lower)]
        if entry_end is not None:
            spans += [found.span() for found in _CLAUSE.finditer(lower, entry_end)]
            spans += [
                found.span() for found in _SENTENCE.finditer(lower, entry_end) if _is_harmless(found[0])
            ]
        for start, end in spans:
            self._covered[start:end] = b"\x01" * (end - start)

    def covers(self, offset: int) -> bool:
        """Whether the word at this offset is part of a harmless phrase."""
        return self._covered[offset] == 1


def _is_harmless(sentence: str) -> bool:
    """Whether a whole sentence behind an entry warns of a loss, or says when an event is due.

    "Don't join unless losing it is fine by you", "results should be out tomorrow": no signal and no way in.
    """
    spoken = set(_WORD.findall(sentence))
    if spoken & _READERS and spoken & _LOSS and spoken & _UNLESS and not spoken & _SIGNALS:
        return True
    return bool(spoken & EVENTS and spoken & _LATER_WORDS) and not spoken & (
        _WAYS_IN | _SIGNALS | _CONDITIONAL
    )


_CONDITIONAL = words("if when once unless not no never don't dont maybe perhaps")
