"""Two sequences laid side by side: what is the same in both, and what of the rest belongs together."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher

MOST_COMPARISONS = 1_000_000  # beyond it a search for the best match takes seconds
_MOST_PAIRS = 40_000
_LEAST_LIKENESS = 0.4

Range = tuple[int, int]


def opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[bool, Range, Range]]:
    """Stretches in order: whether they are the same, and from where to where they go in `old` and in `new`.

    Of long sequences what occurs in more than a hundredth of the places begins no match, so that time stays linear.
    """
    codes = {key: code for code, key in enumerate(dict.fromkeys([*old, *new]))}  # comparing long keys once is enough
    first, last = [codes[key] for key in old], [codes[key] for key in new]
    is_long = len(first) * len(last) > MOST_COMPARISONS
    for tag, start, stop, begin, end in SequenceMatcher(None, first, last, autojunk=is_long).get_opcodes():
        yield tag == "equal", (start, stop), (begin, end)


def pairs(
    old: Sequence[Hashable], new: Sequence[Hashable], likeness: Callable[[int, int], float]
) -> Iterator[tuple[int | None, int | None]]:
    """Positions in both sequences that belong together, in order; None on the side that has no such thing.

    What is not the same is paired by `likeness`, from 0 to 1, unless it is little.
    """
    for is_same, before, after in opcodes(old, new):
        if is_same:
            yield from zip(range(*before), range(*after), strict=True)
        else:
            for first, last in _portions(before, after):
                yield from _like(first, last, likeness)


def _portions(old: Range, new: Range) -> Iterator[tuple[range, range]]:
    """Both ranges cut into as many parts as keep the pairs to be looked at few."""
    sizes = old[1] - old[0], new[1] - new[0]
    count = max(1, math.ceil(sizes[0] * sizes[1] / _MOST_PAIRS)) if all(sizes) else 1
    count = math.ceil(math.sqrt(count))
    for part in range(count):
        yield _share(old, part, count), _share(new, part, count)


def _share(whole: Range, part: int, count: int) -> range:
    size = whole[1] - whole[0]
    return range(whole[0] + size * part // count, whole[0] + size * (part + 1) // count)


def _like(old: range, new: range, likeness: Callable[[int, int], float]) -> Iterator[tuple[int | None, int | None]]:
    """The pairs of greatest likeness in all that keep the order of both sides."""
    scores = [[_counted(likeness(first, last)) for last in new] for first in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for row in range(len(old) - 1, -1, -1):
        for column in range(len(new) - 1, -1, -1):
            together = scores[row][column] + best[row + 1][column + 1] if scores[row][column] else 0.0
            best[row][column] = max(together, best[row + 1][column], best[row][column + 1])
    row = column = 0
    while row < len(old) or column < len(new):
        is_pair = row < len(old) and column < len(new) and scores[row][column] > 0
        if is_pair and best[row][column] == scores[row][column] + best[row + 1][column + 1]:
            yield old[row], new[column]
            row, column = row + 1, column + 1
        elif row < len(old) and (column == len(new) or best[row][column] == best[row + 1][column]):
            yield old[row], None
            row += 1
        else:
            yield None, new[column]
            column += 1


def _counted(likeness: float) -> float:
    return likeness if likeness >= _LEAST_LIKENESS else 0.0
