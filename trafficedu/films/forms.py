"""The shape of what is typed about films, and of what a player says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import FieldList, FormField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from trafficedu.core.fields import Form, FormPart, TextField, TrimmedField, VersionField, at_most, choices
from trafficedu.core.lines import rearrange
from trafficedu.core.web import locale
from trafficedu.films.models import Film
from trafficedu.films.rules.pictures import PICTURES
from trafficedu.films.rules.segments import (
    LONGEST_CODE,
    LONGEST_SOURCE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_SEGMENTS,
    NewFilm,
    NewSegment,
    read_time,
    write_time,
)
from trafficedu.quizzes.rules.questions import Both


class SegmentPart(FormPart):
    """One segment; ``time`` is when it ends, of a film of pictures how long it lasts."""

    time = TrimmedField(_l("Ends at (minutes:seconds)"), [InputRequired(_l("Enter the time, such as 1:30."))])
    title_zh = TrimmedField(_l("Title in Chinese"), [Optional(), at_most(LONGEST_TITLE)])
    title_en = TrimmedField(_l("Title in English"), [Optional(), at_most(LONGEST_TITLE)])
    text_zh = TextField(_l("What is said, in Chinese"), [Optional(), at_most(LONGEST_TEXT)], render_kw={"rows": 5})
    text_en = TextField(_l("What is said, in English"), [Optional(), at_most(LONGEST_TEXT)], render_kw={"rows": 5})
    source_zh = TrimmedField(_l("Law or standard, in Chinese"), [Optional(), at_most(LONGEST_SOURCE)])
    source_en = TrimmedField(_l("Law or standard, in English"), [Optional(), at_most(LONGEST_SOURCE)])
    sign = SelectField(_l("Picture"), [Optional()], default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = {name: both.said(locale()) for name, (_, both) in PICTURES.items()}
        self.sign.choices = choices([("", _l("none")), *said.items()])

    def validate_time(self, field: TrimmedField) -> None:
        """Refuse what is no time."""
        if read_time(field.data or "") is None:
            raise ValidationError(str(_l("Enter the time, such as 1:30.")))


class TitleForm(Form):
    """What a film is called and for whom it is."""

    title_zh = TrimmedField(_l("Title in Chinese"), [InputRequired(_l("Enter the title.")), at_most(LONGEST_TITLE)])
    title_en = TrimmedField(_l("Title in English"), [Optional(), at_most(LONGEST_TITLE)])
    courses = SelectMultipleField(
        _l("Courses"),
        description=_l("None: for every course that allows films at home."),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )

    def offer(self, courses: Iterable[tuple[str, str]]) -> None:
        """Fill the list of courses."""
        self.courses.choices = choices(courses)

    def title(self) -> Both:
        """Return the title that was entered."""
        return Both(self.title_zh.data or "", self.title_en.data or "")


class NewFilmForm(TitleForm):
    """A new film: of pictures, or with the file of a video."""

    code = TrimmedField(
        _l("Code"),
        [InputRequired(_l("Enter a code.")), at_most(LONGEST_CODE)],
        description=_l("Letters, digits and hyphens, such as winter-2026. It stays."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    video = FileField(
        _l("Video file"),
        render_kw={"accept": "video/webm,video/mp4"},
    )

    def to_input(self) -> NewFilm:
        """Return what was entered."""
        return NewFilm(self.title(), list(self.courses.data or ()), ())


class FilmForm(TitleForm):
    """A draft: its title and its segments."""

    segments = FieldList(FormField(SegmentPart), _l("Segments"), max_entries=MOST_SEGMENTS)
    version = VersionField(default=0)

    def fill(self, film: Film) -> None:
        """Show what a film consists of, to be changed."""
        self.title_zh.data, self.title_en.data = film.title_zh, film.title_en
        self.courses.data, self.version.data = film.course_codes, film.version
        for segment in film.segments:
            given = {name: getattr(segment, name) for name in _SAME}
            self.segments.append_entry(
                {"time": write_time(segment.ends_at if film.is_video else segment.seconds), **given}
            )

    def name(self, film: Film) -> None:
        """Call the time what it is in this kind of film."""
        for entry in self.segments:
            if not film.is_video:
                entry.form.time.label.text = _l("Lasts (minutes:seconds)")
                entry.form.text_zh.description = entry.form.text_en.description = _l("One sentence a line.")

    def rearrange(self, button: str) -> bool:
        """Add, remove or move a segment as the ``button`` says; False where it says nothing of segments."""
        return rearrange(self.segments, button, MOST_SEGMENTS)

    def to_input(self, film: Film) -> NewFilm:
        """Return what was entered."""
        ends, segments = 0, []
        for entry in self.segments:
            part, time = entry.form, read_time(entry.form.time.data or "") or 0
            ends = time if film.is_video else ends + time
            title, text, source = (
                Both(part[f"{name}_zh"].data or "", part[f"{name}_en"].data or "") for name in _TEXTS
            )
            segments.append(NewSegment(ends, title, text, source, part.sign.data or ""))
        return NewFilm(self.title(), list(self.courses.data or ()), segments)


_TEXTS = ("title", "text", "source")
_SAME = ("sign", *(f"{name}_{language}" for name in _TEXTS for language in ("zh", "en")))
