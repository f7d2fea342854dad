"""What words of an answer mean as a phrase, in six languages: pure tables.

A word alone misleads: *help* stands in "coming to help" and in "no help needed",
*coming* in "the police are coming". A phrase that says something else is taken out
before words are looked for. What is left of *help* is a call: where it is not certain
that none is meant, it is one.
"""

import re
from collections.abc import Iterable

from engine.alarm.state import ReplyKind

# ruff: noqa: RUF001 -- six languages

TEXT_MAX = 40_000
"""More than the longest short message: 255 parts of 153 characters (TS 23.040,
9.2.3.24.1). A call for help may be its last word, so that all of it is read: by what
takes no longer for each character of a long one."""
HELP = (
    *("help", "hjälp", "беда", "помощь", "помогите", "помоги", "спасите"),
    *("ayuda", "ayúdame", "ayudame", "ayúdenme", "ayudenme", "auxilio", "socorro"),
    *("aide", "aidez", "au secours", "نجدة", "النجدة", "مساعدة", "المساعدة"),
    *("ساعدوني", "ساعدني", "أنقذوني", "انقذوني"),
)
_CANNOT = (
    *("cannot", "can't", "cant", "can not", "not coming", "unable", "not able"),
    *("kan inte", "kan ej", "kommer inte", "kommer ej"),
    *("нет", "не могу", "не смогу", "не иду", "не еду", "не приду", "не приеду"),
    *("no puedo", "no podré", "no podre", "no voy"),
    *("peux pas", "pourrai pas", "viens pas", "لا", "لا أستطيع", "لا استطيع"),
    *("لا يمكنني", "غير قادم", "غير قادمة"),
)
_COMING = (
    *("coming", "on my way", "omw", "kommer", "på väg", "иду", "еду", "выезжаю"),
    *("уже в пути", "voy", "en camino", "viens", "en route", "j'arrive"),
    *("قادم", "قادمة", "في الطريق"),
)
_ME = r"(?! (?:me|us|mig|oss)\b)"
# Whoever says so of themselves means it, whatever stands around it.
_CERTAIN = (
    r"help (?:me|us)",
    r"(?:i|we)(?:'ll| will| do| really)* need (?:your |more |some |urgent )?help",
    r"send (?:me |us )?help",
    r"hjälp (?:mig|oss)",
    r"(?:jag|vi) behöver (?:er |din )?hjälp",
    r"помогите|спасите",
    r"(?:мне|нам) нужна (?:ваша |твоя )?помощь",
    r"(?<!no )necesit(?:o|amos) (?:su |tu )?ayuda",
    r"aidez-(?:moi|nous)",
    r"(?:j'ai|nous avons|on a) besoin d'aide",
    r"ساعدوني|ساعدني|أنقذوني|انقذوني",
    r"(?<!لا )(?:أحتاج|احتاج|نحتاج)(?: إلى| الى)? (?:ال)?مساعدة",
)
# They come, or go, or are able to: of them `help` alone is taken out, the rest counts.
_OFFERED = (
    (
        r"(?:coming|on my way|omw|going|driving|running|here|there|ready|able|glad"
        r"|happy|trying|try|want|like|hope) (?:over )?(?:to|and|with|with some)"
        rf" help{_ME}"
    ),
    (
        r"(?:i|we)(?:'ll| can| could| will| may| might| would| shall)"
        rf"(?: not| also| only| try to| come to| come and)? help{_ME}"
    ),
    rf"(?:cannot|can't|cant|can not|unable to|not able to) help{_ME}",
    r"(?:kommer|åker|går|springer|kör|på väg) (?:\w+ )?(?:till|med) hjälp",
    r"(?:иду|еду|спешу|бегу|выезжаю|приду|приеду|готова?) (?:к \w+ )?на помощь",
    r"(?:voy|vamos|llego|camino) (?:en|con|de|para dar|a dar) (?:su |tu )?ayuda",
    r"(?:viens|venons|vais|arrive|route) (?:en|à (?:votre|ton|son)|avec de l') ?aide",
    r"(?:قادم|قادمة|في الطريق) (?:مع|لتقديم|من أجل) (?:ال)?مساعدة",
)
# None is needed, another needs it, or it is asked whether: nothing of it counts.
_NOT_MEANT = (
    r"no (?:more )?help (?:is )?(?:needed|required|necessary|wanted)",
    r"no (?:more )?help(?=\W*$)",
    (
        r"(?:n't|not|no longer|never) (?:really |even )?(?:need|want|require)"
        r"(?: any| your| more)? help"
    ),
    r"need no (?:more )?help",
    r"help (?:is |was )?(?:not|no longer) (?:needed|required|necessary|wanted)",
    r"help isn't (?:needed|required|necessary|wanted)",
    r"help (?:is|will be) (?:already )?(?:coming|arriving|on (?:its|the) way)",
    r"help (?:him|her|them)(?!\w)",
    r"(?<!my )\w+ needs (?:\w+ )?help",
    r"if (?:you|he|she|they) needs? (?:\w+ )?help",
    r"does \w+ (?:need|want) (?:any |some |more )?help",
    r"(?:do|did) (?:you|u|he|she|they) (?:need|want) (?:any |some |more )?help",
    r"(?<!i )(?<!we )need (?:any |some |more )?help ?\?",
    r"(?:thanks|thank you) for (?:the |your |all )*help",
    r"(?:behöver|behövs|vill ha) (?:inte|ej|ingen) (?:någon )?hjälp",
    r"ingen hjälp (?:behövs|behöver)",
    r"ingen hjälp(?=\W*$)",
    r"hjälp(?:en)? (?:behövs (?:inte|ej)|är på väg)",
    r"hjälp(?:en)? kommer(?=\W*$)",
    r"(?:behöver|vill) (?:du|ni|han|hon|de|dom|någon) (?:ha )?hjälp",
    r"(?:han|hon|de|dom|någon) behöver hjälp",
    r"(?<!jag )(?<!vi )behöver hjälp ?\?",
    r"tack för (?:all )?hjälpe?n?",
    r"помощь (?:уже |больше |мне )?не (?:нужна|требуется|надо)",
    r"не (?:нужна|нужно|надо|требуется) (?:никакая )?помощь",
    r"помощь (?:уже )?(?:идет|идёт|едет|в пути|рядом)",
    r"не беда",
    r"(?:ей|ему|им|вам|тебе) (?:нужна|нужно) помощь",
    r"помощь (?:ей|ему|им|вам|тебе) нужна",
    r"(?<!мне )(?<!нам )(?:нужна (?:ли )?помощь|помощь нужна) ?\?",
    r"спасибо за помощь",
    (
        r"no (?:necesito|necesitamos|hace falta|se necesita|requiero|quiero)"
        r" (?:ninguna |mas |más )?ayuda"
    ),
    r"ayuda (?:ya )?no (?:es |hace )?(?:necesaria|falta)",
    r"(?:la ayuda (?:va|viene|llega)|ayuda est[áa] en camino)",
    r"(?<!se )necesita[sn]? ayuda",
    r"gracias por (?:la |su |tu )?ayuda",
    r"(?:pas|plus|aucun) besoin d'(?:une )?aide",
    r"l'aide (?:arrive|vient|est en route)",
    r"(?<!ai )(?<!avons )besoin d'aide ?\?",
    r"(?:il|elle|ils|elles|on) (?:a|ont) besoin d'aide",
    r"(?:avez-vous|as-tu|tu as|vous avez) besoin d'aide",
    r"merci (?:pour |de )?(?:l'|votre |ton )aide",
    (
        r"(?:لا|لم|لن) (?:أحتاج|احتاج|نحتاج|أريد|اريد|حاجة)"
        r"(?: إلى| الى| لأي| أي)? ?ل?(?:ال)?(?:مساعدة|نجدة)"
    ),
    r"(?:تحتاج|تحتاجون|تحتاجين|يحتاج)(?: \w+)?(?: إلى| الى)? (?:ال)?مساعدة",
    r"(?:ال)?مساعدة (?:قادمة|في الطريق)",
    r"شكرا على (?:ال)?مساعدة",
    # Not they, but others: whoever attacks may be meant.
    (
        r"(?:they|he|she|you|who|nobody|no one|anyone|somebody|someone|police|men)"
        r"(?:'re|'s| are| is)? (?:\w+ )?(?:coming|on (?:my|their|the) way)"
    ),
    r"(?:de|dom|han|hon|polisen|någon|ingen|vem|ni|du) (?:\w+ )?kommer",
    r"(?:kommer|är) (?:de|dom|han|hon|polisen|någon|ingen|ni|du)(?!\w)",
    r"(?:are|is|r) (?:you|u|he|she|they|anyone|anybody|somebody) (?:\w+ )?coming",
    r"нет (?:проблем|вопросов)",
)
# Beside "coming" they say that it is not meant, or something nobody can tell.
_NEGATION = re.compile(r"(?<!\w)(not|no|n't|inte|ej|не|ne|pas|لن|لست|ليس)(?!\w)|n't")
_SENTENCE = re.compile(r"[^.!?؟\n]+[?؟]?|[?؟]")


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)")


def _words(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return _any_of(re.escape(word) for word in longest_first)


_CALL, _NO, _YES = _words(HELP), _words(_CANNOT), _words(_COMING)
_SURE = _any_of(_CERTAIN)
_OFFER = _any_of(_OFFERED)
_OTHER = re.compile(rf"(?:(?<!\w)|(?=n't))(?:{'|'.join(_NOT_MEANT)})(?!\w)")
_ALL_HELP = re.compile(r"\S*(?:help|hjälp|помощь|ayuda|aide|مساعدة)$")


def meant(text: str) -> tuple[frozenset[ReplyKind], bool]:
    """Return what words say that somebody does, and whether a word was set aside.

    More than one kind is a contradiction, which nobody but a person can read.
    """
    said = re.sub(r"[ \t]+", " ", text.lower().replace("\u2019", "'"))
    if _SURE.search(said):
        return frozenset({ReplyKind.NEED_HELP}), False
    offered = _OFFER.sub(lambda found: _ALL_HELP.sub(" ", found[0]), said)
    rest = _OTHER.sub(" ", offered)
    is_aside = rest != said
    if _CALL.search(rest):
        return frozenset({ReplyKind.NEED_HELP}), is_aside
    told = _SENTENCE.sub(lambda one: " " if one[0][-1] in "?؟" else one[0], rest)
    is_aside |= bool(_NO.search(rest) or _YES.search(rest))
    without = _NO.sub(" ", told)
    kinds = {ReplyKind.CANNOT} if without != told else set()
    if _YES.search(without):
        if not kinds and _NEGATION.search(without):
            return frozenset(), True
        kinds.add(ReplyKind.COMING)
    return frozenset(kinds), is_aside
