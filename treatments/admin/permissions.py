"""Who may do what with the site's words, in one place. Roles hand these permissions out."""


def may_change(user, kind: str) -> bool:
    """Whether somebody may write content of this kind."""
    return user.has_perm(f"treatments.change_{kind}")


def may_restore(user, kind: str, *, deleted: bool) -> bool:
    """Whether somebody may make former words the working copy again."""
    return user.has_perm(f"treatments.{'add' if deleted else 'change'}_{kind}")


def may_publish(user, kind: str) -> bool:
    """Whether somebody may publish, schedule and take down this kind: only who may also write it."""
    return user.has_perm("treatments.publish_version") and may_change(user, kind)


def may_sign(user) -> bool:
    """Whether somebody may sign words as a medical reviewer, or send them back."""
    return user.has_perm("treatments.sign_version")


def may_share(user, kind: str) -> bool:
    """Whether somebody may let a person without an account read a version."""
    return may_change(user, kind) or may_sign(user)
