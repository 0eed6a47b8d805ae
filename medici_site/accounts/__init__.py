"""Staff accounts: how people come in, prove who they are, and go out.

An account begins with a link that works once (`invitations`). Behind it a person chooses a password (`passwords`) and a
second factor (`adapters`, `middleware`). Guessing is slowed (`throttle`), a computer that is left alone signs out and
keeps what was typed (`middleware`, `kept_forms`), and all of it is put on record (`record`).
"""
