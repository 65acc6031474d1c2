"""From text to Python's own syntax tree, with bounds, and from a place in the tree back to the text."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from waglan.core.problem import Problem

MAX_CHARACTERS = 8_000
MAX_NODES = 1_500
MAX_LEVELS = 80


class Source:
    """The text of one expression.

    Parameters
    ----------
    text
        Python syntax, on one or several lines.
    where
        Where the text stands, such as ``clauses.toml: SFC.5b``; put before every place.
    """

    def __init__(self, text: str, where: str = "") -> None:
        self._where = where
        self.text = text.strip()
        self._lines = re.split("\r\n|\r|\n", self.text)  # as the parser counts; splitlines knows further ends of lines

    def problem(self, node: ast.AST | None, what: str, why: str, next: str, code: str) -> Problem:
        """A Problem that names the place of ``node``."""
        place = "" if node is None else self._place(node)
        where = ", ".join(part for part in (self._where, place) if part)
        return Problem(what, why, next, code=f"rule.{code}", where=where)

    def written(self, node: ast.AST) -> str:
        """The text that ``node`` was read from."""
        return ast.get_source_segment(self.text, node) or ""

    def tree(self) -> ast.expr:
        """The syntax tree.

        Raises
        ------
        Problem
            ``rule.syntax`` when it isn't one expression, ``rule.limit`` when it is too large.
        """
        if len(self.text) > MAX_CHARACTERS:
            raise self._large(f"It has {len(self.text)} characters; {MAX_CHARACTERS} are allowed.")
        self._check_tokens()
        try:
            tree = ast.parse(self.text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self._unreadable(str(error)) from None
        if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
            raise self._large(f"It has more than {MAX_NODES} parts.")
        level: list[ast.AST] = [tree]
        for _ in range(MAX_LEVELS):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
        if level:
            raise self._large(f"It is nested more than {MAX_LEVELS} deep.")
        return tree.body

    def _check_tokens(self) -> None:
        """Refuse comments: a rule's text is what is judged, and nothing beside it."""
        try:
            kinds = {token.type for token in tokenize.generate_tokens(io.StringIO(self.text).readline)}
        except (tokenize.TokenError, SyntaxError) as error:
            raise self._unreadable(str(error)) from None
        if tokenize.COMMENT in kinds:
            raise self._unreadable("A comment (#) has no place in an expression.")

    def _large(self, why: str) -> Problem:
        return self.problem(None, "The expression is too large.", why, "Split it into several rules.", "limit")

    def _unreadable(self, why: str) -> Problem:
        return self.problem(
            None,
            "The expression can't be read.",
            why,
            "Write one expression in Python's syntax, several lines in parentheses: route == 'auto' and not drill.",
            "syntax",
        )

    def _place(self, node: ast.AST) -> str:
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        before = self._lines[line - 1].encode()[:offset].decode(errors="replace")  # the tree counts bytes, people don't
        column = len(before) + 1
        return f"column {column}" if len(self._lines) == 1 else f"line {line}, column {column}"
