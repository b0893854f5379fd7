"""Into an Asterisk without FreePBX, its files as Debian ships them or none at all, and out again.

Knows what `provisioning.freepbx` knows; adds fail2ban, which FreePBX has of its own.
"""
