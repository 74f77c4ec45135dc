"""Values shown to whoever need not see all of them: by grade, and never more than its shape of a personal one."""

from __future__ import annotations

import pytest

from catalog.masking import masked


@pytest.mark.parametrize(
    ("text", "sensitivity", "shown"),
    [
        ("书店", "open", "书店"),
        ("12.50", "ordinary", "12.50"),
        ("一街1号", "personal", "某某0某"),
        ("O'Brien 𠮷·２", "personal", "A'Aaaaa 某·0"),
        ("1985-03-15", "personal", "0000-00-00"),
        ("690101198503150112", "sensitive", "•••"),
        ("", "sensitive", "•••"),
    ],
)
def test_a_value_is_shown_as_its_grade_lets_it(text: str, sensitivity: str, shown: str) -> None:
    assert masked(text, sensitivity) == shown
