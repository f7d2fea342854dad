"""What a file may not say together: a public step that people have not decided."""

import pytest

from tests.engine.protocol.test_parse import HEAD, PUBLISH, STEP, fault


@pytest.mark.parametrize("condition", ["verified", "consented", "approved"])
def test_a_public_step_that_could_run_before_people_decided_is_refused(
    condition: str,
) -> None:
    others = [c for c in ("verified", "consented", "approved") if c != condition]
    requires = ", ".join(f'"{one}"' for one in others)
    whole = '"verified", "consented", "approved"'
    error = fault(HEAD + STEP + PUBLISH.replace(whole, requires))
    assert error.field == "step[1].requires"
    assert condition in error.reason


def test_a_second_public_step_is_refused_since_one_text_is_approved() -> None:
    named = PUBLISH.replace('"publish"', '"named"')
    error = fault(HEAD + PUBLISH + named)
    assert error.field == "step[1].to"
    assert "leave one public step" in error.reason


def test_a_public_step_is_never_repeated_and_says_a_public_text() -> None:
    assert fault(HEAD + PUBLISH + "every_s = 60\n").field == "step[0].every_s"
    error = fault(HEAD + PUBLISH.replace('text = "public"', 'text = "hq"'))
    assert (error.field, "people we know" in error.reason) == ("step[0].text", True)


@pytest.mark.parametrize("to", ["nearest", "hq", "told", "defender"])
def test_what_the_world_reads_is_no_channel_to_people(to: str) -> None:
    """A step by it said alias, place and code to everybody, and nobody approved."""
    texts = {"hq": "hq", "told": "stop", "defender": "received"}
    step = STEP.replace("nearest", to).replace('"sos"', f'"{texts.get(to, "sos")}"')
    step = step.replace('["sms"]', '["sms", "public"]')
    after = 'after = "closed"\n' if to == "told" else ""
    error = fault(HEAD + step + after)
    assert error.field == "step[0].channels"
    assert "the world reads 'public'" in error.reason
