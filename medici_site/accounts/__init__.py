"""Staff accounts: how people come in, prove who they are, and go out.

An account begins with a link that works once (`invitations`). Behind it a person chooses a password (`passwords`) and a
second factor (`adapters`). How far somebody has come in, and which page is open to them there, is one table (`states`),
which `middleware` asks for every page of the admin; a passkey answers for one page alone (`ceremonies`). Guessing is
slowed (`throttle`), a computer that is left alone signs out and keeps what was typed (`middleware`, `kept_forms`), and
all of it is put on record (`record`).
"""
