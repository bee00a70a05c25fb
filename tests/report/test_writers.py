"""What writers print reads back: no name breaks a table, no value loses a bit, no text is taken for markup."""

import csv as csv_module
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from made_tables import measured, names, rows_from, rows_strategy, table_of
from stabilitylab.report.blocks import (
    Code,
    FigureBlock,
    Heading,
    Items,
    Link,
    Stressed,
    TableBlock,
    Text,
    Typed,
    anchor,
    paragraphs,
    plain_words,
    prose,
)
from stabilitylab.report.rows import Rows
from stabilitylab.report.table import Listing
from stabilitylab.report.writers import csv, html, jsonl, markdown, terminal, visible


def cells_of_markdown_line(line):
    """The cells of a line of a GitHub table: split at bars that no backslash escapes."""
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", line.strip())[1:-1]]


@settings(max_examples=60)
@given(rows_strategy)
def test_no_name_breaks_the_markdown_table(drawn):
    table = Listing("t", ("problem", "solver", "digits.min")).table(rows_from(drawn))
    lines = markdown.table(table).split("\n")
    start = lines.index("") + 1
    body = lines[start : start + 2 + len(table.body)]
    assert all(len(cells_of_markdown_line(line)) == 3 for line in body)
    assert "<" not in markdown.table(table).replace("<br>", "")
    assert markdown.table(table).endswith("\n")
    assert "\r" not in markdown.table(table)


def test_markdown_escapes_what_would_be_read_as_markup():
    table = table_of(measured("a|b*c<d>&\n[x](y) $1$ `z`", "1. x_y_"))
    text = markdown.table(table)
    assert r"a\|b\*c&lt;d&gt;&amp;<br>\[x\](y) \$1\$ \`z\`" in text
    assert r"| 1\. x\_y\_ | 10.0 |" in text


def test_the_markdown_check_notices_a_bar_that_is_not_escaped():
    assert len(cells_of_markdown_line("| a|b | 10.0 |")) == 3
    assert len(cells_of_markdown_line(r"| a\|b | 10.0 |")) == 2


@settings(max_examples=60)
@given(rows_strategy)
def test_csv_parses_back_to_the_same_values_and_states(drawn):
    rows = rows_from(drawn)
    table = Listing("t", ("problem", "solver", "digits.min")).table(rows)
    parsed = list(csv_module.reader(io.StringIO(csv.table(table), newline="")))
    header = "correct digits, worst coefficient"
    assert parsed[0] == ["problem", "solver", header, f"{header} status"]
    for row, line, (problem, solver, value, status) in zip(rows, table.body, parsed[1:], strict=True):
        assert (problem, solver) == (row.problem, row.solver)
        digits = row["digits.min"]
        assert (float(value) if value else None) == digits
        assert status == line[2].status
        assert bool(value) or status


def test_json_lines_hold_one_cell_each_with_every_bit():
    rows = [measured("p|q", digits=1 / 3), measured("p\n", status="TIMED_OUT")]
    lines = [json.loads(line) for line in jsonl.table(table_of(*rows)).splitlines()]
    assert len(lines) == 3
    assert [line["value"] for line in lines] == ["s", 1 / 3, None]
    assert lines[2]["status"] == "timed out"


def test_the_terminal_shows_brackets_as_they_are_and_no_escape_codes():
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(terminal.table(table_of(measured("[bold]p[/bold]", "[x]\x1b[31m"))))
    text = console.export_text()
    assert "[bold]p[/bold]" in text
    assert "[x]\\x1b[31m" in text
    assert "\x1b" not in text


def test_a_narrow_terminal_folds_and_drops_nothing():
    console = Console(width=40, record=True, file=io.StringIO())
    console.print(terminal.table(table_of(measured("q" * 50, "s" * 50))))
    text = console.export_text()
    assert (text.count("q") - text.count("require"), "…" in text) >= (50, False)


def test_equal_rows_give_equal_bytes():
    rows = [measured(p, s) for p in "abc" for s in "xyz"]
    for write in (markdown.table, csv.table, jsonl.table, lambda table: html.page([TableBlock(table)])):
        assert write(table_of(*rows)) == write(table_of(*rows))


# --- pages of blocks

PAGE = (
    Heading(1, ("Is ", Typed("a_b"), " <so>?")),
    Text(
        ("A ", Stressed("word"), " and ", Stressed("another", strong=True), ".\n- no list, ", Link(("there",), "two"))
    ),
    Items((("first",), (Link(("second",), anchor="is-a_b-so"),)), numbered=True),
    Items((("1. one",), ("- two\nlines",))),
    FigureBlock("A [figure] & more", "page-figure1"),
    TableBlock(table_of(measured("p|q")), "page-table1"),
    Code("for x in y:\n    print('<b>')", "python"),
    Code("A = [p,\n     q]"),
)


def test_a_page_in_markdown_is_its_blocks_in_order_with_a_line_between():
    table = markdown.table(PAGE[5].table)
    assert markdown.page(PAGE) == (
        "# Is `a_b` &lt;so&gt;?\n\n"
        "A *word* and **another**.\n\\- no list, [there](two.md)\n\n"
        "1. first\n2. [second](#is-a_b-so)\n\n"
        "- 1\\. one\n- \\- two<br>lines\n\n"
        "![A \\[figure\\] &amp; more](page-figure1.svg)\n\n"
        f"{table}\n[CSV](page-table1.csv)\n\n"
        "```python\nfor x in y:\n    print('<b>')\n```\n\n"
        "    A = [p,\n         q]\n"
    )


def test_a_page_in_html_holds_the_same_in_the_same_order():
    page = html.page(PAGE)
    parts = [
        "<title>Is a_b &lt;so&gt;?</title>",
        '<h1 id="is-a_b-so">Is <code>a_b</code> &lt;so&gt;?</h1>',
        '<p>A <em>word</em> and <strong>another</strong>.\n- no list, <a href="two.html">there</a></p>',
        '<ol>\n<li>first</li>\n<li><a href="#is-a_b-so">second</a></li>\n</ol>',
        "<ul>\n<li>1. one</li>\n<li>- two\nlines</li>\n</ul>",
        '<img src="page-figure1.svg" alt="A [figure] &amp; more">',
        '<th scope="col" class="scored">p|q</th>',
        '<th scope="row">s</th>',
        '<td class="scored">10.0</td>',
        '<ul class="notes">\n<li>Scored against the decimal truth; data in float64.</li>',
        '<a href="page-table1.csv">CSV</a> · <a href="page-table1.jsonl">JSON lines</a>',
        "<pre><code>for x in y:\n    print(&#39;&lt;b&gt;&#39;)</code></pre>",
        "<pre><code>A = [p,\n     q]</code></pre>",
    ]
    assert [part for part in parts if part not in page] == []
    places = [page.index(part) for part in parts]
    assert places == sorted(places)


def test_a_page_in_html_needs_no_other_file_for_its_looks_and_fits_a_phone():
    page = html.page(PAGE)
    assert "<script" not in page
    assert "<link" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "prefers-color-scheme: dark" in page
    assert page.count('<div class="scroll"') == page.count("<table>") == 1


def test_a_failure_is_seen_in_html_and_a_name_in_lines_keeps_them():
    page = html.page([TableBlock(table_of(measured("p\nq", status="REFUSED")))])
    assert '<td class="scored failed">⊘</td>' in page
    assert '<th scope="col" class="scored">p\nq</th>' in page
    assert "white-space: pre-line" in page


def test_importing_the_writers_brings_no_template_engine_and_no_terminal():
    code = (
        "import sys; from stabilitylab.report.writers import csv, html, jsonl, markdown, terminal; "
        "sys.exit(bool({'jinja2', 'markupsafe', 'rich'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_no_block_is_refused():
    with pytest.raises(KeyError):
        html.page([TableBlock(table_of(measured())), 3])


class Elements(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        """Keep it, with its attributes."""
        self.tags.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data):
        """Keep it."""
        self.text += data


def parsed(page):
    elements = Elements()
    elements.feed(page)
    return elements


@settings(max_examples=60)
@given(rows_strategy, names)
def test_no_name_becomes_an_element_of_html(drawn, name):
    def page(shown, word):
        table = Listing("t", ("problem", "solver", "digits.min")).table(shown)
        return html.page(
            [Heading(1, (word,)), Text((word, Typed(word), Stressed(word))), Code(f"# {word}"), TableBlock(table)]
        )

    rows = rows_from(drawn)
    plain = Rows(tuple(replace(row, problem="p", solver="s") for row in rows))
    made, bare = parsed(page(rows, name)), parsed(page(plain, "name"))
    assert made.tags == bare.tags
    assert all(visible(row.problem).strip() in made.text for row in rows if row.problem.strip())


def test_an_element_that_a_name_makes_is_noticed():
    assert parsed("<p>a<b x='1'>c</p>").tags != parsed("<p>a&lt;b x='1'&gt;c</p>").tags


@given(names)
def test_code_in_markdown_ends_where_it_should(text):
    word = markdown.page([Text((Typed(text),))]).rstrip("\n")
    ticks = re.match("`+", word)[0]
    assert word.endswith(ticks)
    assert ticks not in re.sub("^`+|`+$", "", word).replace(text, "") or "`" in text
    assert not re.search(f"(?<!`){ticks}(?!`)", visible(text))
    fence, *_, last = markdown.page([Code(f"# {text}", "x")]).rstrip("\n").split("\n")
    assert fence == f"{last}x"
    assert not re.search(f"(?m)^{last}", visible(text))


# --- what an author writes


def test_prose_is_literal_but_for_code_and_stress():
    said = prose("`a_b` is *so*, 2*x and 3*y are not, nor [c](d), <e>, * f * or a ` alone")
    assert said == (
        Typed("a_b"),
        " is ",
        Stressed("so"),
        ", 2*x and 3*y are not, nor [c](d), <e>, * f * or a ` alone",
    )
    assert plain_words(said) == "a_b is so, 2*x and 3*y are not, nor [c](d), <e>, * f * or a ` alone"
    assert r"nor \[c\](d), &lt;e&gt;, \* f \* or a \` alone" in markdown.page([Text(said)])


@given(st.text())
def test_prose_loses_no_word(text):
    assert plain_words(prose(text)) == re.sub(r"[`*]", "", text) or {"`", "*"} & set(text)
    assert set(plain_words(prose(text))) - set("`*") == set(text) - set("`*")


def test_a_docstring_is_paragraphs_and_indented_lines_are_code():
    made = paragraphs("One\nline.\n\n    a = 1\n      b\n\n  \nTwo `c`.\n")
    assert made == (Text(("One\nline.",)), Code("a = 1\n  b"), Text(("Two ", Typed("c"), ".")))
    assert paragraphs("") == paragraphs("\n\n") == ()


def test_an_anchor_is_the_one_that_renderers_make():
    assert anchor(prose("What's `a_b` lost - 10 digits?")) == "whats-a_b-lost---10-digits"
    assert Heading(2, ("A <b> | c",)).anchor == "a-b--c"


def test_the_name_of_a_page_or_file_is_no_more_than_a_name_in_a_link():
    hostile = "javascript:alert(1)//x)y z"
    blocks = [Text((Link(("words",), page=hostile),)), FigureBlock("a figure", hostile)]
    for text in (html.page(blocks), markdown.page(blocks)):
        assert "javascript:" not in text
        assert "javascript%3Aalert" in text
        assert "x)y z" not in text
