"""Asterisk's configuration files as text in, objects and findings out: its language, its dialplan, its pjsip.conf.

Knows `provisioning.finding` only. Nothing here asks a running Asterisk or writes a file.
"""
