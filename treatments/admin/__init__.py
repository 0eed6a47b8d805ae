"""The admin in which staff write, review and publish.

content.py      the forms for each kind of content, and saving
steps.py        what is done with one page: preview, review, publish, take down, history, delete
versions.py     one version: its words, its history, signing, share links, restoring
permissions.py  who may do what
desk.py         what concerns many pages: reviews due, what is coming, order, deleted pages, the guide
"""

from treatments.admin import content, desk, steps, versions

__all__ = ["content", "desk", "steps", "versions"]
