"""The character tables of 3GPP TS 23.038: default, extension, 13 languages.

A table is a string of 128 characters, indexed by septet. `GAP` stands where the
standard leaves a position empty. Languages are numbered as in 6.2.1.2.4.
"""

GAP = "\ufffd"
ESCAPE = "\x1b"

DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

PORTUGUESE = (
    "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ"
    " !\"#º%&'()*+,-./0123456789:;<=>?"
    "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§"
    "~abcdefghijklmnopqrstuvwxyzãõ`üà"
)

URDU = (
    "\u0627\u0622\u0628\u067b\u0680\u067e\u06a6\u062a\u06c2\u067f\n\u0679\u067d\r"
    "\u067a\u067c\u062b\u062c\u0681\u0684\u0683\u0685\u0686\u0687\u062d\u062e\u062f"
    "\x1b\u068c\u0688\u0689\u068a !\u068f\u068d\u0630\u0631\u0691\u0693)(\u0699"
    "\u0632,\u0696.\u06980123456789:;\u069a\u0633\u0634?\u0635\u0636\u0637\u0638"
    "\u0639\u0641\u0642\u06a9\u06aa\u06ab\u06af\u06b3\u06b1\u0644\u0645\u0646\u06ba"
    "\u06bb\u06bc\u0648\u06c4\u06d5\u06c1\u06be\u0621\u06cc\u06d0\u06d2\u064d\u0650"
    "\u064f\u0657\u0654abcdefghijklmnopqrstuvwxyz\u0655\u0651\u0653\u0656\u0670"
)


def _changed(table: str, changes: dict[int, str]) -> str:
    characters = list(table)
    for septet, character in changes.items():
        characters[septet] = character
    return "".join(characters)


def _indic(block: int, gaps: bytes, tail: bytes) -> str:
    """Build a locking table of A.3.4 to A.3.12.

    Nine Indic scripts share one layout, the order of ISCII, which is also that of
    their Unicode blocks: septet to offset in the block is the same for all. A
    language has gaps (offsets that it leaves out) and six characters of its own,
    at 0x60 and 0x7B to 0x7F.
    """

    def letters(first: int, last: int) -> str:
        return "".join(
            GAP if offset in gaps else chr(block + offset)
            for offset in range(first, last + 1)
        )

    own = "".join(chr(block + offset) for offset in tail)
    return (
        f"{letters(0x01, 0x03)}{letters(0x05, 0x0B)}\n{letters(0x0C, 0x0D)}\r"
        f"{letters(0x0E, 0x1A)}{ESCAPE}{letters(0x1B, 0x1E)} !{letters(0x1F, 0x24)})("
        f"{letters(0x25, 0x26)},{letters(0x27, 0x27)}.{letters(0x28, 0x28)}"
        f"0123456789:;{letters(0x29, 0x2B)}?{letters(0x2C, 0x39)}"
        f"{letters(0x3C, 0x4D)}{own[0]}abcdefghijklmnopqrstuvwxyz{own[1:]}"
    )


BENGALI_BLOCK, PUNJABI_BLOCK, GUJARATI_BLOCK = 0x0980, 0x0A00, 0x0A80
ORIYA_BLOCK, TAMIL_BLOCK, TELUGU_BLOCK = 0x0B00, 0x0B80, 0x0C00
KANNADA_BLOCK, MALAYALAM_BLOCK, HINDI_BLOCK = 0x0C80, 0x0D00, 0x0900

LOCKING: dict[int, str] = {
    0: DEFAULT,
    1: _changed(
        DEFAULT,
        {
            0x04: "€",
            0x07: "\u0131",
            0x0B: "Ğ",
            0x0C: "ğ",
            0x1C: "Ş",
            0x1D: "ş",
            0x40: "İ",
            0x60: "ç",
        },
    ),
    3: PORTUGUESE,
    4: _indic(
        BENGALI_BLOCK,
        b"\x0d\x0e\x11\x12\x29\x31\x33\x34\x35\x45\x46\x49\x4a",
        b"\x4e\x57\x5c\x5d\x70\x71",
    ),
    5: _indic(
        GUJARATI_BLOCK,
        b"\x0e\x12\x29\x31\x34\x46\x4a",
        b"\x50\x60\x61\x62\x63\x71",
    ),
    6: _indic(HINDI_BLOCK, b"", b"\x50\x72\x7b\x7c\x7e\x7f"),
    7: _indic(
        KANNADA_BLOCK,
        b"\x01\x0d\x11\x29\x34\x45\x49",
        b"\x55\x56\x60\x61\x62\x63",
    ),
    8: _indic(
        MALAYALAM_BLOCK,
        b"\x01\x0d\x11\x29\x3c\x45\x49",
        b"\x57\x60\x61\x62\x63\x79",
    ),
    9: _indic(
        ORIYA_BLOCK,
        b"\x0d\x0e\x11\x12\x29\x31\x34\x45\x46\x49\x4a",
        b"\x56\x57\x60\x61\x62\x63",
    ),
    10: _indic(
        PUNJABI_BLOCK,
        b"\x0b\x0c\x0d\x0e\x11\x12\x29\x31\x34\x37\x3d\x43\x44\x45\x46\x49\x4a",
        b"\x51\x70\x71\x72\x73\x74",
    ),
    11: _indic(
        TAMIL_BLOCK,
        b"\x01\x0b\x0c\x0d\x11\x16\x17\x18\x1b\x1d\x20\x21\x22\x25\x26\x27\x2b\x2c"
        b"\x2d\x3c\x3d\x43\x44\x45\x49",
        b"\x50\x57\x70\x71\x72\x79",
    ),
    12: _indic(
        TELUGU_BLOCK,
        b"\x0d\x11\x29\x34\x3c\x45\x49",
        b"\x55\x56\x60\x61\x62\x63",
    ),
    13: URDU,
}

_EXTENSION: dict[int, str] = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

_INDIC_EXTENSION: dict[int, str] = (
    dict(enumerate("@£$¥¿\"¤%&'\f*+"))
    | dict(enumerate("-/<=>¡^¡_#*", start=0x0E))
    | _EXTENSION
    | dict(enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=0x41))
)


def _run(first_septet: int, *code_points: int) -> dict[int, str]:
    return {first_septet + i: chr(code) for i, code in enumerate(code_points)}


def _indic_extension(
    digits: dict[int, str], own: tuple[int, ...], *, dandas: bool = True
) -> dict[int, str]:
    """Build a single shift table of A.2.4 to A.2.13.

    A script's own characters fill 0x26, 0x27, 0x2A to 0x2E and 0x30 upwards,
    around the brackets and the backslash that all share.
    """
    places = (0x26, 0x27, *range(0x2A, 0x2F), *range(0x30, 0x3C), 0x3F)
    table = dict(_INDIC_EXTENSION) | digits
    if dandas:
        table |= {0x19: "\u0964", 0x1A: "\u0965"}
    return table | {place: chr(code) for place, code in zip(places, own, strict=False)}


def _digits(block: int) -> dict[int, str]:
    return _run(0x1C, *range(block + 0x66, block + 0x70))


def _offsets(block: int, offsets: bytes) -> tuple[int, ...]:
    return tuple(block + offset for offset in offsets)


_BENGALI_EXTENSION = (
    _INDIC_EXTENSION
    | _run(0x19, 0x09E6, 0x09E7)
    | _run(0x1C, *range(0x09E8, 0x09F0), 0x09DF, 0x09E0, 0x09E1, 0x09E2)
    | _run(0x2A, 0x09E3, 0x09F2, 0x09F3, 0x09F4, 0x09F5)
    | _run(0x30, 0x09F6, 0x09F7, 0x09F8, 0x09F9, 0x09FA)
)

_URDU_OWN = (
    *range(0x060C, 0x0615),
    0x061B,
    0x061F,
    0x0640,
    0x0652,
    0x0658,
    0x066B,
    0x066C,
    0x0672,
    0x0673,
    0x06CD,
    0x06D4,
)

_SINGLE: dict[int, dict[int, str]] = {
    0: _EXTENSION,
    1: _EXTENSION
    | {
        0x47: "Ğ",
        0x49: "İ",
        0x53: "Ş",
        0x63: "ç",
        0x67: "ğ",
        0x69: "\u0131",
        0x73: "ş",
    },
    2: _EXTENSION
    | {0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x61: "á"}
    | {0x69: "í", 0x6F: "ó", 0x75: "ú"},
    3: _EXTENSION
    | {0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "Φ"}
    | {0x13: "Γ", 0x15: "Ω", 0x16: "Π", 0x17: "Ψ", 0x18: "Σ", 0x19: "Θ", 0x1F: "Ê"}
    | {0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ", 0x61: "Â"}
    | {0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â"},
    4: _BENGALI_EXTENSION,
    5: _indic_extension(_digits(GUJARATI_BLOCK), ()),
    6: _indic_extension(
        _digits(HINDI_BLOCK),
        _offsets(
            HINDI_BLOCK,
            b"\x51\x52\x53\x54\x58\x59\x5a\x5b\x5c\x5d\x5e\x5f\x60\x61\x62\x63\x70\x71",
        ),
    ),
    7: _indic_extension(
        _digits(KANNADA_BLOCK), _offsets(KANNADA_BLOCK, b"\x5e\x71\x72")
    ),
    8: _indic_extension(
        _digits(MALAYALAM_BLOCK),
        _offsets(MALAYALAM_BLOCK, b"\x70\x71\x72\x73\x74\x75\x7a\x7b\x7c\x7d\x7e\x7f"),
    ),
    9: _indic_extension(
        _digits(ORIYA_BLOCK), _offsets(ORIYA_BLOCK, b"\x5c\x5d\x5f\x70\x71")
    ),
    10: _indic_extension(
        _digits(PUNJABI_BLOCK), _offsets(PUNJABI_BLOCK, b"\x59\x5a\x5b\x5c\x5e\x75")
    ),
    11: _indic_extension(
        _digits(TAMIL_BLOCK), _offsets(TAMIL_BLOCK, b"\x73\x74\x75\x76\x77\x78\x7a")
    ),
    12: _indic_extension(
        _digits(TELUGU_BLOCK),
        _offsets(TELUGU_BLOCK, b"\x58\x59\x78\x79\x7a\x7b\x7c\x7d\x7e\x7f"),
        dandas=False,
    ),
    13: _indic_extension(
        _run(0x19, 0x0600, 0x0601) | _run(0x1C, *range(0x06F0, 0x06FA)),
        _URDU_OWN,
        dandas=False,
    ),
}

SINGLE_SHIFT: dict[int, str] = {
    language: "".join(table.get(septet, GAP) for septet in range(128))
    for language, table in _SINGLE.items()
}
