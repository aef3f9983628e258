"""Pages of courses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.education.forms import CourseForm
from trafficedu.education.queries.courses import find_course, list_courses
from trafficedu.education.services.courses import update_course

pages = Blueprint("courses", __name__)


@pages.get("/courses")
@requires("education:course:manage")
def courses() -> Any:
    """I see which course riders get, and what it consists of."""
    return render_template("courses/courses.html", courses=list_courses(session()))


@pages.route("/courses/<code>", methods=["GET", "POST"])
@requires("education:course:manage")
def course(code: str) -> Any:
    """I change a course's names, minutes, pass mark, or from how many violations it is due."""
    course = seen(find_course(session(), code))
    form = CourseForm(obj=course)
    if submitted(form, lambda: update_course(session(), course, form.to_input(course), form.version.data, actor())):
        flash_message(message("Course changed. It applies to study tasks from now on."))
        return back_to("courses.courses")
    return form_page("courses/course.html", form, course=course)
