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
