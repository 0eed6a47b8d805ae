"""Staff accounts in the admin: who may sign in, and with which roles."""

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.timezone import localtime

from medici_site.accounts import record
from medici_site.accounts.adapters import second_factors
from medici_site.accounts.invitations import invite
from medici_site.accounts.sessions import end_all
from medici_site.models import Invitation, User
from medici_site.roles import MANAGER, REVIEWER, ROLES

admin.site.unregister(Group)  # roles are code, see roles.py
for model in (EmailAddress, Authenticator, UserSession):
    admin.site.unregister(model)  # what concerns signing in has its own pages, which keep a record


class RolesField(forms.ModelMultipleChoiceField):
    def __init__(self):
        roles = Group.objects.filter(name__in=ROLES).order_by("name")
        # The admin has no style for a list of check boxes; the one for radio buttons lets a label be as long as it is.
        widget = forms.CheckboxSelectMultiple(attrs={"class": "radiolist"})
        super().__init__(roles, label="Roles", required=False, widget=widget)

    def label_from_instance(self, group):
        return f"{group.name}: {ROLES[group.name].description}"


class AccountForm(forms.ModelForm):
    """What can be said about an account here. Nobody becomes a superuser or gets a single permission in the admin."""

    groups = RolesField()
    acting: User
    """Who fills in the form."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "credentials", "is_active", "groups")
        field_classes = {"username": UsernameField}
        labels = {"username": "User name", "email": "E-mail"}
        help_texts = {
            "username": "What they type to sign in. Letters, digits and @ . + - _ only.",
            "is_active": "Uncheck this to lock the person out at once. Accounts are never deleted, because pages "
            "and medical reviews name who worked on them.",
        }

    def clean_username(self):
        username = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is an account with this user name.")
        return username

    def clean(self):
        super().clean()
        if "groups" not in self.cleaned_data:
            return
        roles = {group.name for group in self.cleaned_data["groups"]}
        if REVIEWER.name in roles:
            for name in ("first_name", "last_name", "credentials"):
                if not self.cleaned_data.get(name):
                    self.add_error(name, "A medical reviewer needs this: patients see it beside each review.")
        if self.instance.pk:
            self._check_own_roles(roles)
            self._check_that_somebody_remains(roles)

    def _check_own_roles(self, roles):
        own = self.instance == self.acting and not self.acting.is_superuser
        if own and roles - set(self.instance.groups.values_list("name", flat=True)):
            self.add_error("groups", "You cannot give yourself a role. Ask another manager.")

    def _check_that_somebody_remains(self, roles):
        if self.cleaned_data.get("is_active") and (self.instance.is_superuser or MANAGER.name in roles):
            return
        # Two managers may lock each other out at the same moment; the second waits here and is refused.
        list(User.objects.select_for_update(no_key=True).order_by("pk"))
        others = User.objects.exclude(pk=self.instance.pk).filter(is_active=True)
        if not others.filter(Q(is_superuser=True) | Q(groups__name=MANAGER.name)).exists():
            raise forms.ValidationError(
                "This is the last active account that looks after staff accounts. Make somebody else a manager first."
            )


prove_again = method_decorator(reauthentication_required(app="medici_site", allow_get=True))
"""Whoever changes an account proves again who they are: an open screen is no manager. What was typed is sent after."""


@admin.register(User)
class StaffAccountAdmin(UserAdmin):
    form = add_form = AccountForm
    add_form_template = None
    list_display = ("user_name", "full_name", "roles", "is_active", "last_sign_in")
    list_filter = ()
    ordering = ("-is_active", "username")
    search_fields = ("username", "first_name", "last_name", "email")
    readonly_fields = ("roles", "last_sign_in", "second_factor", "link")
    person = ("The person", {"fields": ("username", "first_name", "last_name", "email", "credentials")})
    add_fieldsets = (person, ("What they may do", {"fields": ("groups",)}))
    fieldsets = (
        person,
        ("What they may do", {"fields": ("is_active", "groups")}),
        ("Signing in", {"fields": ("last_sign_in", "second_factor", "link")}),
    )

    @admin.display(description="user name", ordering="username")
    def user_name(self, user):
        return user.username

    @admin.display(description="name", ordering="last_name")
    def full_name(self, user):
        return user.get_full_name()

    @admin.display(description="roles")
    def roles(self, user):
        if user.is_superuser:
            return "Everything"
        return ", ".join(sorted(group.name for group in user.groups.all())) or "None"

    @admin.display(description="last sign-in", ordering="last_login")
    def last_sign_in(self, user):
        return date_format(localtime(user.last_login), "DATETIME_FORMAT") if user.last_login else "Never"

    @admin.display(description="second factor")
    def second_factor(self, user):
        return ", ".join(sorted({record.NAMES[one.type] for one in second_factors(user)})) or "None yet"

    @admin.display(description="link for the first sign-in")
    def link(self, user):
        invitation = Invitation.objects.filter(account=user).first()
        if not invitation:
            return "None is open"
        until = date_format(localtime(invitation.until), "DATETIME_FORMAT")
        return f"Works until {until}" if invitation.until > timezone.now() else f"Ended on {until}"

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request, obj=None):
        if obj and not self.has_change_permission(request, obj):
            # The words for a field come from the form, and this page has none.
            return (self.person, ("What they may do", {"fields": ("is_active", "roles")}), self.fieldsets[-1])
        return super().get_fieldsets(request, obj)

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.acting = request.user  # the class is made for this request
        return form

    @prove_again
    def changeform_view(self, *args, **kwargs):
        return super().changeform_view(*args, **kwargs)

    def has_change_permission(self, request, obj=None):
        if obj and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        obj.is_staff = True  # patients have no accounts
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            end_all(obj)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if form.changed_data:
            fields = ", ".join("roles" if name == "groups" else name for name in form.changed_data)
            record.account(request, f"changed {fields} of" if change else "made", of=form.instance)

    def response_add(self, request, obj, post_url_continue=None):
        return self._link_page(request, obj, self._invite(request, obj))

    @prove_again
    def user_change_password(self, request, id, form_url=""):  # noqa: A002 - Django's name
        """Give somebody who lost a password or a phone a new link. Nobody types a password for somebody else."""
        user = self.get_object(request, unquote(id))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        if user == request.user:
            return redirect("mfa_index")
        link = self._invite(request, user) if request.method == "POST" else None
        return self._link_page(request, user, link)

    def _invite(self, request, user):
        with transaction.atomic():
            link = invite(user)
            self.log_change(request, user, "Made a link to sign in.")
            record.account(request, "new link for", of=user)
        return link

    def _link_page(self, request, user, link):
        # The link is in this answer alone: a redirect would need to keep it somewhere.
        context = self.admin_site.each_context(request) | {
            "title": "Link to sign in",
            "opts": self.opts,
            "account": user,
            "link": link,
        }
        return TemplateResponse(request, "admin/medici_site/user/link.html", context)
