"""Pages of courses: what they consist of, a new one, a new version, the end of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.lines import LINE
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.education.forms.courses import CourseEndForm, CourseForm, NewCourseForm
from trafficedu.education.queries.courses import find_course, list_courses
from trafficedu.education.services.courses import add_course, end_course, renew_course

pages = Blueprint("courses", __name__)
MANAGE = "education:course:manage"


@pages.get("/courses")
@requires(MANAGE)
def courses() -> Any:
    """I see which course riders get, and what it consists of."""
    return render_template("courses/courses.html", courses=list_courses(session()), today=today())


@pages.route("/courses/new", methods=["GET", "POST"])
@requires(MANAGE)
@changes_nothing_seen("what it makes is new")
def create() -> Any:
    """I add a course."""
    form = NewCourseForm()
    form.begin(None, today() + timedelta(days=1))
    if form.rearrange(request.form.get(LINE, "")):
        return render_template("courses/course.html", form=form, course=None)
    if submitted(form, lambda: add_course(session(), form.code.data, form.rank.data, form.to_input(), actor())):
        flash_message(message("Course added."))
        return back_to("courses.courses")
    return form_page("courses/course.html", form, course=None)


@pages.route("/courses/<code>", methods=["GET", "POST"])
@requires(MANAGE)
def course(code: str) -> Any:
    """I make a new version of a course from a day on; studies already begun keep theirs."""
    course = find_course(session(), code)
    present = seen(course.versions[-1])
    form = CourseForm(obj=present)
    form.begin(present, today() + timedelta(days=1))
    if form.rearrange(request.form.get(LINE, "")):
        return render_template("courses/course.html", form=form, course=course, present=present)
    if submitted(form, lambda: renew_course(session(), course, form.to_input(), form.version.data, actor())):
        flash_message(message("New version made. Studies of sessions before its first day keep the present one."))
        return back_to("courses.courses")
    return form_page("courses/course.html", form, course=course, present=present)


@pages.route("/courses/<code>/end", methods=["GET", "POST"])
@requires(MANAGE)
def end(code: str) -> Any:
    """I let a course end."""
    course = find_course(session(), code)
    present = seen(course.versions[-1])
    form = CourseEndForm(obj=present)
    if submitted(form, lambda: end_course(session(), course, form.last_day.data, form.version.data, actor())):
        flash_message(message("The course ends with that day."))
        return back_to("courses.courses")
    return form_page("courses/end.html", form, course=course)
