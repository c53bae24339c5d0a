"""IAM Identity Center: signing in, the token that comes of it, and what it opens.

token.py         a token that is good: kept, refreshed, or of a new sign-in
login.py         a sign-in, by pkce.py (a browser on this machine) or device.py (a code typed in any browser)
loopback.py      the page on this machine that a browser is sent to and comes back to
oidc.py          what is asked of the OIDC service; registration.py: as which client
sealed.py        our tokens, in the store; cache.py: the AWS CLI's; share.py: from the one to the other
portal.py        accounts, roles and their credentials; listing.py: all of them
profiles.py      the profiles that `sync` writes
values.py        Token, Registration
"""
