"""Files that are uploaded: dropped unread, but where a page asks for one, and then kept in memory up to a limit."""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponseBase

from zemi.web.page import View


class Dropped(FileUploadHandler):
    """Drops every file: what nobody has asked for fills neither memory nor disk. FILE_UPLOAD_HANDLERS names it."""

    def new_file(self, *_: Any, **__: Any) -> None:
        """Skip it."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Never called."""

    def file_complete(self, file_size: int) -> None:
        """Never called."""


class InMemory(FileUploadHandler):
    """Keeps the file of one field. Of a larger one a byte more than `most` is kept, so that whoever reads it sees that."""

    def __init__(self, field: str, most: int) -> None:
        super().__init__()
        self.field, self.most, self.kept, self.has_begun = field, most, BytesIO(), False

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        """Begin it, if it is the one that is asked for, and the first."""
        if field_name != self.field or self.has_begun:
            raise SkipFile
        self.has_begun = True
        super().new_file(field_name, *args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what there is room for."""
        self.kept.write(raw_data[: max(0, self.most + 1 - start)])

    def file_complete(self, _: int) -> InMemoryUploadedFile:
        """Hand it over."""
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(self.kept, self.field, "upload", None, size, None)


def takes_file(field: str, *, most: int) -> Callable[[View], View]:
    """Let the page have the file of one field. Stands outside of `page`, whose check of the form's token reads the form."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.upload_handlers = [InMemory(field, most)]
            return view(request, *args, **kwargs)

        return answer

    return decorate
