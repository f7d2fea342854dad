"""What nobody can read, of nobody we know: some of it is always shown, never all."""

from engine.intake.gateway.strays import IN_ALL, OF_ONE_PROTOCOL, Strays

BEGUN_S = 1_000.0


def shown(strays: Strays, protocol: str, count: int, now_s: float = BEGUN_S) -> int:
    return sum(strays.admits(protocol, now_s) for _ in range(count))


def test_the_first_ones_are_shown_whenever_they_come() -> None:
    assert shown(Strays(), "gt06", 1, now_s=0.0) == 1
    assert shown(Strays(), "gt06", OF_ONE_PROTOCOL.at_once) == OF_ONE_PROTOCOL.at_once


def test_a_babbler_uses_up_what_its_own_wire_protocol_is_allowed_and_no_more() -> None:
    strays = Strays()
    assert shown(strays, "gt06", 10_000) == OF_ONE_PROTOCOL.at_once
    assert shown(strays, "watch", 1) == 1


def test_babblers_on_every_port_are_bounded_together() -> None:
    strays = Strays()
    assert sum(shown(strays, f"p{n}", 100) for n in range(40)) == IN_ALL.at_once


def test_after_a_while_one_more_is_shown_and_a_long_quiet_saves_up_no_flood() -> None:
    strays = Strays()
    shown(strays, "gt06", 10_000)
    later_s = BEGUN_S + OF_ONE_PROTOCOL.again_s
    assert shown(strays, "gt06", 100, later_s - 1) == 0
    assert shown(strays, "gt06", 100, later_s) == 1
    assert shown(strays, "gt06", 100, later_s + 1e6) == OF_ONE_PROTOCOL.at_once


def test_what_is_refused_for_one_bound_does_not_count_for_the_other() -> None:
    strays = Strays()
    shown(strays, "gt06", 10_000)
    left = IN_ALL.at_once - OF_ONE_PROTOCOL.at_once
    assert sum(shown(strays, f"p{n}", 1) for n in range(left + 5)) == left
